import type { RetryBudget, RetryPurse } from "../../policy/retry-budget.ts";

/** The budget of a page: it is loaded with the first retry. The few until it is there, or while it can't be had, are free. */
export function retryBudgetOnDemand(): RetryPurse {
  let budget: RetryBudget | undefined;
  return {
    get isFull() {
      return budget?.isFull ?? true;
    },
    take(origin, afterTimeout, now) {
      if (budget !== undefined) return budget.take(origin, afterTimeout, now);
      import("../../policy/retry-budget.ts").then(
        module => {
          budget ??= new module.RetryBudget();
        },
        // The network is down, as it is when something is to be tried again; the next retry asks once more.
        () => undefined,
      );
      return 0;
    },
    left: now => budget?.left(now),
    succeeded: (origin, now) => budget?.succeeded(origin, now),
  };
}
