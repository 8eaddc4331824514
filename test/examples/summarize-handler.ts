import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type BudgetedContext, budgetGuard, clientCredentials, maestroClient } from '../../index';

const { MAESTRO_URL = '', TOKEN_URL = '', CLIENT_ID = '', CLIENT_SECRET = '' } = process.env;
const { PROVIDER_URL = '', PROVIDER_KEY = '' } = process.env;

const MODEL = { model: 'gpt-4o-mini', provider: 'openai' };
const MAX_OUTPUT_TOKENS = 500;

interface Completion {
  readonly choices: readonly { readonly message: { readonly content: string } }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

async function complete(prompt: string): Promise<Completion> {
  const response = await fetch(`${PROVIDER_URL}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${PROVIDER_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: MODEL.model,
      max_tokens: MAX_OUTPUT_TOKENS,
      messages: [{ role: 'user', content: `Summarize in two sentences:\n${prompt}` }],
    }),
  });
  if (!response.ok) throw new Error(`the provider answered ${response.status}`);
  return (await response.json()) as Completion;
}

async function summarize(
  event: APIGatewayProxyEventV2,
  context: BudgetedContext,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { choices, usage } = await complete(event.body ?? '');
  // At once: should anything fail from here on, this much has been spent.
  context.budget.report({
    tokens: { input: usage.prompt_tokens, output: usage.completion_tokens },
  });
  return { statusCode: 200, body: choices[0]?.message.content ?? '' };
}

export const handler = middy<
  APIGatewayProxyEventV2,
  APIGatewayProxyStructuredResultV2,
  Error,
  BudgetedContext
>(summarize).use(
  budgetGuard<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>({
    client: maestroClient({
      baseUrl: MAESTRO_URL,
      token: clientCredentials({
        tokenUrl: TOKEN_URL,
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        scope: 'maestro/run',
      }),
    }),
    openRun: { tenant: 'acme', pipeline: 'summaries' },
    step: (event) => ({
      ...MODEL,
      // No text has more tokens than bytes; a hundred more are for the instruction.
      estimatedTokens: {
        input: Buffer.byteLength(event.body ?? '') + 100,
        output: MAX_OUTPUT_TOKENS,
      },
    }),
    onDenied: (denied) => denied.toHttpResponse(),
  }),
);
