/** Words that say that an error went past everybody. */
const UNHANDLED =
  /unhandled ?(promise ?)?rejection|unhandled 'error' event|uncaught|triggerUncaught|ERR_UNHANDLED|FATAL ERROR|MaxListenersExceeded/i;
const ANSWERED = /"route":"\/api\/server\/incoming_data".*"duration_ms":([\d.]+)/;
const KEPT_LINES = 200;

/** Reads every line the processes print: none may hold a secret, none may tell of an unhandled error. */
export class OutputWatch {
  readonly problems: string[] = [];
  /** What the APIs themselves say of the time their answers to producers took. */
  slowestAnswerMs = 0;
  private readonly secrets = new Set<string>();
  private readonly lines: string[] = [];

  addSecret(secret: string): void {
    this.secrets.add(secret);
  }

  /** The first secret that `text` holds, shortened; null when there is none. */
  findSecret(text: string): string | null {
    for (const secret of this.secrets) if (text.includes(secret)) return `${secret.slice(0, 12)}…`;
    return null;
  }

  line(who: string, line: string): void {
    if (line === '') return;
    const answered = ANSWERED.exec(line);
    if (answered) this.slowestAnswerMs = Math.max(this.slowestAnswerMs, Number(answered[1]));
    if (this.lines.push(`${who}: ${line}`) > KEPT_LINES) this.lines.shift();
    const secret = this.findSecret(line);
    if (secret) this.problems.push(`${who} printed the secret ${secret}: ${line.slice(0, 300)}`);
    if (UNHANDLED.test(line)) this.problems.push(`${who} printed ${line.slice(0, 500)}`);
  }

  tail(count: number, who = ''): string {
    return this.lines
      .filter((line) => line.startsWith(who))
      .slice(-count)
      .join('\n');
  }
}
