/** Works ahead: the next items are prepared while the caller is busy with this one. */

export interface Prepared<Item, Result> {
  readonly item: Item;
  /** Settled; what preparing threw is thrown again by whoever awaits it. */
  readonly result: PromiseSettledResult<Result>;
}

/**
 * Prepares up to `depth` items beside the one the caller has, and hands them out in their order.
 * When the caller leaves, what was begun is awaited, so that nothing works on unseen.
 */
export async function* ahead<Item, Result>(items: Iterable<Item> | AsyncIterable<Item>, depth: number, prepare: (item: Item) => Promise<Result>): AsyncGenerator<Prepared<Item, Result>, void, undefined> {
  const running: Promise<Prepared<Item, Result>>[] = [];
  const begin = async (item: Item): Promise<Prepared<Item, Result>> => ({ item, result: (await Promise.allSettled([prepare(item)]))[0] });
  try {
    for await (const item of items) {
      running.push(begin(item));
      if (running.length > depth) yield await running.shift()!;
    }
    for (let next = running.shift(); next !== undefined; next = running.shift()) yield await next;
  } finally {
    await Promise.all(running);
  }
}
