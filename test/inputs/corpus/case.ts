/** One body for the gateway. `isValid` is there where the one who wrote the case knows better than any parser. */
export interface BodyCase {
  name: string;
  body: Buffer;
  isValid?: boolean;
}

export function bodyCase(body: string | Buffer, isValid?: boolean, name?: string): BodyCase {
  const bytes = Buffer.from(body as string);
  return { name: name ?? shown(bytes), body: bytes, isValid };
}

/** A body as a line of a report: printable, and short. */
export function shown(bytes: Buffer): string {
  const text = bytes.toString('latin1').replace(/[^\x20-\x7e]/g, (character) => {
    const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
    return `\\x${hex}`;
  });
  return text.length <= 120 ? text : `${text.slice(0, 80)}… (${bytes.length} bytes)`;
}

export const joined = (...parts: (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)));

/** The parts put together with `content` in every one of `places`, where `@` stands for it. */
export function placed(places: string[], content: string | Buffer): Buffer[] {
  return places.map((place) => {
    const [before, after] = place.split('@') as [string, string];
    return joined(before, content, after);
  });
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
