import { useEffect, useState } from 'preact/hooks';

/** The place in the console, after the #: `/accounts/<id>/incoming-data` as its parts. */
export function useRoute(): string[] {
  const [parts, setParts] = useState(read);
  useEffect(() => {
    const changed = () => setParts(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parts;
}

export function goTo(path: string): void {
  location.hash = path;
}

function read(): string[] {
  return location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decode);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
