import { useState } from 'preact/hooks';
import { type DeliveryLog, type EventLog, call } from '../api.js';
import { useLoaded } from '../loading.js';
import { Alert, State, Time } from '../ui.js';

/** An event as it was received, and what became of it at each destination. */
export function EventPage({ accountId, eventId }: { accountId: string; eventId: string }) {
  const path = `/accounts/${encodeURIComponent(accountId)}/logs/${encodeURIComponent(eventId)}`;
  const { data: event, error, reload } = useLoaded<EventLog>(path);
  const [failure, setFailure] = useState<Error | null>(null);
  if (!event) return error ? <Alert error={error} /> : <p class="hint">Loading …</p>;
  const replay = (): void => void call('POST', `${path}/replay`, {}).then(reload, setFailure);
  return (
    <>
      <p>
        <a href={`#/accounts/${accountId}/incoming-data`}>← Incoming data</a>
      </p>
      <div class="title">
        <h1>{event.event_id}</h1>
        <button onClick={reload}>Refresh</button>
        <button onClick={replay}>Send again</button>
      </div>
      <Alert error={failure} />
      <p class="hint">
        {event.event_type ?? 'no type'} · received <Time at={event.received_at} />
      </p>
      <pre>
        {event.removed_by_retention ? 'Removed by retention.' : JSON.stringify(event.payload, null, 2)}
      </pre>
      <h2>Deliveries</h2>
      {event.deliveries.length === 0 && <p class="hint">No destination wanted it.</p>}
      {event.deliveries.map((delivery) => (
        <Delivery key={delivery.id} delivery={delivery} />
      ))}
    </>
  );
}

function Delivery({ delivery }: { delivery: DeliveryLog }) {
  return (
    <section>
      <p>
        <State name={delivery.status} />{' '}
        {delivery.origin && delivery.origin !== 'event' && <State name={delivery.origin} />}{' '}
        <span class="url">{delivery.url ?? 'deleted destination'}</span>
      </p>
      <p class="hint">{delivery.explanation}</p>
      {delivery.attempt_log.length > 0 && (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                {['Attempt', 'Started', 'Took', 'Answer', 'Said'].map((head) => (
                  <th key={head}>{head}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {delivery.attempt_log.map((attempt) => (
                <tr key={attempt.number}>
                  <td>{attempt.number}</td>
                  <td>
                    <Time at={attempt.started_at} />
                  </td>
                  <td>{attempt.duration_ms} ms</td>
                  <td>{attempt.status_code ?? attempt.error}</td>
                  <td class="said">{attempt.response_excerpt}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
