const LIMIT = 1024 * 1024;
const HEAD =
  'POST /api/server/incoming_data HTTP/1.1\r\nHost: x\r\nCL-X-TOKEN: <token>\r\nContent-Type: application/json\r\n';

export interface LimitCase {
  name: string;
  head: string;
  chunks: Buffer[];
  status: number;
}

/** Bodies on both sides of the largest size, announced and streamed. */
export function bodiesAtLimit(): LimitCase[] {
  const sizes = [LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 65_536, 2 * LIMIT];
  return sizes.flatMap((size) => {
    const body = Buffer.from(`["${'x'.repeat(size - 4)}"]`);
    const status = size > LIMIT ? 413 : 202;
    const pieces = Array.from({ length: Math.ceil(size / 65_536) }, (_, index) =>
      body.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const chunked = pieces.flatMap((piece) => [
      Buffer.from(`${piece.length.toString(16)}\r\n`),
      piece,
      Buffer.from('\r\n'),
    ]);
    return [
      {
        name: `${size} bytes, announced,`,
        head: `${HEAD}Content-Length: ${size}\r\n\r\n`,
        chunks: [body],
        status,
      },
      {
        name: `${size} bytes, streamed,`,
        head: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
        chunks: [...chunked, Buffer.from('0\r\n\r\n')],
        status,
      },
    ];
  });
}
