import { useState } from 'preact/hooks';
import { ApiProblem, type Destination, call } from '../api.js';
import { useList } from '../loading.js';
import { Alert, Danger, type FieldSpec, FormDialog, State, Table } from '../ui.js';

const METHODS = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'] as const;
const MASKED = '***';
/** What may be done in a state. */
const ACTIONS = { active: 'Pause', paused: 'Resume', disabled: 'Enable' } as const;

/** @param isAdmin of the account: others may look and edit. */
export function Destinations({ accountId, isAdmin }: { accountId: string; isAdmin: boolean }) {
  const path = `/accounts/${accountId}/destinations`;
  const list = useList<Destination>(path);
  const [edited, setEdited] = useState<Destination | 'new' | null>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const act = (method: string, at: string): void => void call(method, at).then(list.reload, setFailure);
  return (
    <>
      {isAdmin && (
        <div class="title">
          <button class="main" onClick={() => setEdited('new')}>
            New destination
          </button>
        </div>
      )}
      <Alert error={failure} />
      <Table
        list={list}
        heads={['URL', 'Method', 'Events', 'State', '']}
        none="No destination yet: events are stored and go nowhere."
        row={(destination) => [
          <span class="url">{destination.url}</span>,
          destination.http_method,
          destination.event_types.join(', ') || 'all',
          <span title={destination.disabled_reason ?? undefined}>
            <State name={destination.state} />
          </span>,
          <div class="actions">
            <button onClick={() => setEdited(destination)}>Edit</button>
            {isAdmin && (
              <>
                <button
                  onClick={() =>
                    act('POST', `${path}/${destination.id}/${ACTIONS[destination.state].toLowerCase()}`)
                  }
                >
                  {ACTIONS[destination.state]}
                </button>
                <Danger
                  label="Delete"
                  question={`Delete ${destination.url}? What waits for it is cancelled.`}
                  act={() => act('DELETE', `${path}/${destination.id}`)}
                />
              </>
            )}
          </div>,
        ]}
      />
      {edited && (
        <FormDialog
          title={edited === 'new' ? 'New destination' : 'Edit destination'}
          fields={fieldsOf(edited === 'new' ? undefined : edited)}
          action={edited === 'new' ? 'Create' : 'Save'}
          close={() => setEdited(null)}
          submit={async (values) => {
            const body = toBody(values);
            if (edited === 'new') await call('POST', path, body);
            else await call('PATCH', `${path}/${edited.id}`, body, edited.version);
            list.reload();
          }}
        />
      )}
    </>
  );
}

function fieldsOf(destination?: Destination): FieldSpec[] {
  const headers = Object.entries(destination?.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const isMasked = Object.values(destination?.headers ?? {}).includes(MASKED);
  return [
    { name: 'url', label: 'URL', type: 'url', required: true, value: destination?.url },
    { name: 'http_method', label: 'Method', options: METHODS, value: destination?.http_method },
    {
      name: 'headers',
      label: 'Headers',
      long: true,
      hint: isMasked
        ? 'Values are hidden from you; *** keeps what is there.'
        : 'One a line, like APP_ID: 1234',
      value: headers.join('\n'),
    },
    {
      name: 'event_types',
      label: 'Event types',
      hint: 'Such as user.created, user.*; none means all',
      value: destination?.event_types.join(', '),
    },
    { name: 'description', label: 'Description', value: destination?.description ?? '' },
  ];
}

function toBody({ url, http_method, headers, event_types, description }: Record<string, string>) {
  return {
    url,
    http_method,
    headers: toHeaders(headers!),
    event_types: event_types!
      .split(',')
      .map((type) => type.trim())
      .filter(Boolean),
    description: description || null,
  };
}

function toHeaders(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new ApiProblem(400, wrongHeader(line));
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

const wrongHeader = (line: string) => ({
  detail: 'A header has a name, a colon and a value.',
  errors: [{ field: 'headers', message: `"${line}" has no colon` }],
});
