import { expect, test } from "@skein/testkit";
import { Chain, type Link } from "./chain.ts";

class Member implements Link<Member> {
  previous: Member | undefined;
  next: Member | undefined;
  readonly name: number;

  constructor(name: number) {
    this.name = name;
  }
}

const namesIn = (chain: Chain<Member>) => [...chain].map(({ name }) => name);

test("keeps the order in which they came, whoever leaves first", () => {
  const chain = new Chain<Member>();
  const all = [1, 2, 3, 4, 5].map(name => new Member(name));
  for (const one of all) chain.add(one);
  expect(chain.delete(all[2]!)).toBe(true);
  expect(namesIn(chain)).toEqual([1, 2, 4, 5]);
  expect(chain.first).toBe(all[0]);
  chain.delete(all[0]!);
  expect(chain.first).toBe(all[1]);
  chain.delete(all[4]!);
  chain.add(new Member(6));
  expect(namesIn(chain)).toEqual([2, 4, 6]);
  expect(chain.size).toBe(3);
});

test("is empty again when all have left, and keeps none of them", () => {
  const chain = new Chain<Member>();
  const all = [1, 2, 3].map(name => new Member(name));
  for (const one of all) chain.add(one);
  for (const one of all.toReversed()) chain.delete(one);
  expect([chain.first, chain.size, namesIn(chain)]).toEqual([undefined, 0, []]);
  expect(all.every(({ previous, next }) => previous === undefined && next === undefined)).toBe(true);
});

test("who stands here is not put in twice, who does not is not taken out", () => {
  const chain = new Chain<Member>();
  const [only, other] = [new Member(1), new Member(2)];
  chain.add(only);
  chain.add(only);
  expect([chain.size, chain.has(only), chain.has(other), chain.delete(other)]).toEqual([
    1,
    true,
    false,
    false,
  ]);
  expect([chain.delete(only), chain.delete(only), chain.size]).toEqual([true, false, 0]);
  chain.add(other);
  chain.add(only);
  expect(namesIn(chain)).toEqual([2, 1]);
});
