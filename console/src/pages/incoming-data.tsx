import { useState } from 'preact/hooks';
import type { ReceivedEvent } from '../api.js';
import { useList } from '../loading.js';
import { Table, Time } from '../ui.js';

export function IncomingData({ accountId }: { accountId: string }) {
  const [eventId, setEventId] = useState('');
  const path = `/accounts/${accountId}/incoming-data`;
  const list = useList<ReceivedEvent>(path + (eventId && `?event_id=${encodeURIComponent(eventId)}`));
  return (
    <>
      <div class="title">
        <input
          type="search"
          placeholder="CL-X-EVENT-ID"
          aria-label="Search by event id"
          onChange={(event) => setEventId(event.currentTarget.value.trim())}
        />
        <button onClick={list.reload}>Refresh</button>
      </div>
      <Table
        list={list}
        heads={['Event id', 'Type', 'Size', 'Received']}
        none={eventId ? 'No event has this id.' : 'Nothing received yet.'}
        row={(event) => [
          <a href={`#${path}/${encodeURIComponent(event.event_id)}`}>{event.event_id}</a>,
          event.event_type,
          event.size === null ? 'removed' : `${event.size.toLocaleString()} bytes`,
          <Time at={event.received_at} />,
        ]}
      />
    </>
  );
}
