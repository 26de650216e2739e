/** Of a longer payload the start is searched, so that one event costs no more than a few small ones. */
export const SEARCHED_BYTES = 16_384;

/** Whether the byte at `index` goes on with the character before it. */
const isInside = (index: number): string => `get_byte(start, ${index}) & 192 = 128`;

const BEHIND_CUT = `CASE
  WHEN NOT ${isInside(SEARCHED_BYTES)} THEN 0
  WHEN NOT ${isInside(SEARCHED_BYTES - 1)} THEN 1
  WHEN NOT ${isInside(SEARCHED_BYTES - 2)} THEN 2
  ELSE 3 END`;

/**
 * SQL for the text of a payload that is searched, cut between two characters. Its collation is that of the database:
 * by itself it would be that of the encoding's name, which knows the case of English letters alone.
 */
export const sqlSearchedText = (payload: string): string => `(
  CASE WHEN octet_length(${payload}) <= ${SEARCHED_BYTES} THEN convert_from(${payload}, 'UTF8')
  ELSE (SELECT convert_from(substring(start FOR ${SEARCHED_BYTES} - ${BEHIND_CUT}), 'UTF8')
    FROM (SELECT substring(${payload} FOR ${SEARCHED_BYTES + 1}) AS start) cut) END COLLATE "default")`;
