import type { Page } from 'playwright-core';

/** What somebody does on the page of Swagger UI. */
export class SwaggerPage {
  constructor(private readonly page: Page) {}

  open(path = '/swagger/') {
    return this.page.goto(path);
  }

  /** Tries an operation out and gives the text of its answer, which has to be a 200. */
  async call(operation: string, body?: object): Promise<string> {
    const block = this.page.locator(`[id$=-${operation}]`);
    await block.locator('.opblock-summary-control').click();
    await block.getByRole('button', { name: 'Try it out' }).click();
    if (body) await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
    await block.getByRole('button', { name: 'Execute' }).click();
    const answer = block.locator('.live-responses-table .response').first();
    const status = await answer.locator('.response-col_status').innerText();
    if (!status.includes('200')) throw new Error(`${operation} answered ${status}`);
    return answer.locator('.response-col_description pre').first().innerText();
  }

  /** Enters the token with the Authorize button. */
  async authorize(token: string): Promise<void> {
    await this.page.locator('.auth-wrapper .authorize').first().click();
    const form = this.page.locator('form', { has: this.page.locator('#auth-bearer-value') });
    await form.locator('#auth-bearer-value').fill(token);
    await form.getByRole('button', { name: 'Apply credentials' }).click();
    await this.page.getByRole('button', { name: 'Close' }).first().click();
  }
}
