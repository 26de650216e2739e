/** Not by `URL.canParse`: once compiled, that of Node 20 refuses every host with letters like ü. */
export function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
