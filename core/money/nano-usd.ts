/** An amount of money in nano-USD (a thousand-millionth of a dollar). Always a whole number. */
export type NanoUsd = bigint;
