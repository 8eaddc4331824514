import { formatUsd, isAmountProblem, type NanoUsd, parseUsd } from '../../core/money/nano-usd';
import type { Tags, TokenCounts, UsdAmount } from './budget-client';

/** What a handler says it used: tokens, or what they cost, or both. */
export interface UsageReport {
  readonly tokens?: TokenCounts;
  readonly costUSD?: UsdAmount;
  readonly model?: string;
  readonly provider?: string;
  readonly tags?: Tags;
}

/** A report that cannot be booked. The invocation is then charged its estimate at the least. */
export class UsageReportError extends TypeError {
  override readonly name = 'UsageReportError';
}

const MAX_TAGS = 20;
const MAX_TAG_KEY_LENGTH = 64;
const MAX_TAG_VALUE_LENGTH = 256;

function readCount(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw new UsageReportError(`${name} must be a whole number of tokens, zero or more`);
}

function readTokens(tokens: TokenCounts): Required<TokenCounts> {
  const counts = {
    input: readCount('tokens.input', tokens.input),
    output: readCount('tokens.output', tokens.output),
    cachedInput: readCount('tokens.cachedInput', tokens.cachedInput ?? 0),
  };
  if (counts.cachedInput > counts.input) {
    throw new UsageReportError('tokens.cachedInput is a part of tokens.input, never more');
  }
  return counts;
}

function readCost(costUSD: unknown): NanoUsd {
  if (typeof costUSD !== 'string') {
    throw new UsageReportError('costUSD must be a decimal text such as "0.0125"');
  }
  const cost = parseUsd(costUSD);
  if (isAmountProblem(cost)) throw new UsageReportError(`costUSD ${cost.problem}`);
  return cost;
}

function checkTags(tags: Tags): void {
  const entries = Object.entries(tags);
  if (entries.length > MAX_TAGS) {
    throw new UsageReportError(`a step has at most ${MAX_TAGS} tags`);
  }
  for (const [key, value] of entries) {
    if (key.length === 0 || key.length > MAX_TAG_KEY_LENGTH) {
      throw new UsageReportError(`tag keys have 1 to ${MAX_TAG_KEY_LENGTH} characters`);
    }
    if (typeof value !== 'string' || value.length > MAX_TAG_VALUE_LENGTH) {
      throw new UsageReportError(
        `tag values are texts of at most ${MAX_TAG_VALUE_LENGTH} characters`,
      );
    }
  }
}

/** Adds up the reports of one step; the ledger books them as one usage record. */
export class UsageTally {
  private reports = 0;
  private missed = false;
  private tokens: Required<TokenCounts> | undefined;
  private cost: NanoUsd | undefined;
  private model: string | undefined;
  private provider: string | undefined;
  private tags: Tags = {};

  /** @param planned the model that the step was checked for; reports may leave it out. */
  constructor(private readonly planned: { model?: string; provider?: string } = {}) {}

  get isEmpty(): boolean {
    return this.reports === 0 && !this.missed;
  }

  /** True if a report could not be added, so that the total is short of what was used. */
  get isIncomplete(): boolean {
    return this.missed;
  }

  /** The sum of the costs reported; undefined if the reports carry tokens alone. */
  get costNanoUsd(): NanoUsd | undefined {
    return this.cost;
  }

  /** Remembers that something was used which nobody could put into figures. */
  markIncomplete(): void {
    this.missed = true;
  }

  /** @throws UsageReportError if the report is malformed or cannot be added to the earlier ones. */
  add(report: UsageReport): void {
    try {
      this.addChecked(report);
    } catch (error) {
      this.missed = true;
      throw error;
    }
  }

  /** Everything reported as one report. */
  total(): UsageReport {
    const model = this.model ?? this.planned.model;
    const provider = this.provider ?? this.planned.provider;
    return {
      ...(this.tokens === undefined ? {} : { tokens: this.tokens }),
      ...(this.cost === undefined ? {} : { costUSD: formatUsd(this.cost) }),
      ...(model === undefined ? {} : { model }),
      ...(provider === undefined ? {} : { provider }),
      ...(Object.keys(this.tags).length === 0 ? {} : { tags: this.tags }),
    };
  }

  private addChecked(report: UsageReport): void {
    if (report.tokens === undefined && report.costUSD === undefined) {
      throw new UsageReportError('a report carries tokens, costUSD or both');
    }
    const tokens = report.tokens === undefined ? undefined : readTokens(report.tokens);
    const cost = report.costUSD === undefined ? undefined : readCost(report.costUSD);
    const tags = { ...this.tags, ...report.tags };
    checkTags(tags);
    if (this.reports > 0) this.checkFits(report, cost);
    this.tokens = addTokens(this.tokens, tokens);
    if (cost !== undefined) this.cost = (this.cost ?? 0n) + cost;
    this.tags = tags;
    this.model ??= report.model;
    this.provider ??= report.provider;
    this.reports += 1;
  }

  /**
   * A usage record has one price: either the costs given, or the tokens at one model's rates. What
   * fits neither would be booked for less than it cost.
   */
  private checkFits(report: UsageReport, cost: NanoUsd | undefined): void {
    if ((cost === undefined) !== (this.cost === undefined)) {
      throw new UsageReportError('either every report of a step carries costUSD or none does');
    }
    if (cost !== undefined) return;
    const { model, provider } = this.total();
    const sameModel = (report.model ?? this.planned.model ?? model) === model;
    const sameProvider = (report.provider ?? this.planned.provider ?? provider) === provider;
    if (!sameModel || !sameProvider) {
      throw new UsageReportError('reports of several models in one step need costUSD');
    }
  }
}

function addTokens(
  sum: Required<TokenCounts> | undefined,
  more: Required<TokenCounts> | undefined,
): Required<TokenCounts> | undefined {
  if (sum === undefined || more === undefined) return more ?? sum;
  return readTokens({
    input: sum.input + more.input,
    output: sum.output + more.output,
    cachedInput: sum.cachedInput + more.cachedInput,
  });
}
