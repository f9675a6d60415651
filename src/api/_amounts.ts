import {
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  valueFromASTUntyped,
  type ValueNode,
  visit,
} from "graphql";

/** The values of an operation's variables as they were sent. */
export type Variables = Readonly<Record<string, unknown>>;

/** A figure, or how to work it out from the variables. */
export type Amount = number | ((variables: Variables) => number);

/** The sum of amounts: a figure where all are. */
export function sumOf(amounts: readonly Amount[]): Amount {
  const moving = amounts.filter((amount) => typeof amount === "function");
  let fixed = 0;
  for (const amount of amounts) if (typeof amount === "number") fixed += amount;
  if (moving.length === 0) return fixed;
  return (variables) => {
    let total = fixed;
    for (const amount of moving) total += amount(variables);
    return total;
  };
}

/** The product of two amounts: a figure where both are. */
export function productOf(one: Amount, other: Amount): Amount {
  if (one === 0 || other === 0) return 0;
  if (typeof one === "number") return typeof other === "number" ? one * other : (variables) => one * other(variables);
  if (typeof other === "number") return (variables) => other * one(variables);
  return (variables) => one(variables) * other(variables);
}

/** What an amount is with these variables. */
export function amountWith(amount: Amount, variables: Variables): number {
  return typeof amount === "number" ? amount : amount(variables);
}

/** What `measure` makes of a field's arguments: a figure where no variable is among them. */
export function amountOf(
  { arguments: nodes = [] }: FieldNode,
  operation: OperationDefinitionNode,
  measure: number | ((args: Variables) => number),
): Amount {
  if (typeof measure === "number") return measure;
  const readers = nodes.map(({ name, value }) => ({ name: name.value, read: readerOf(value, operation) }));
  const withVariables = (variables: Variables) => {
    const args: Record<string, unknown> = {};
    for (const { name, read } of readers) args[name] = read(variables);
    return measure(args);
  };
  return nodes.some(({ value }) => holdsVariable(value)) ? withVariables : withVariables({});
}

function readerOf(value: ValueNode, { variableDefinitions = [] }: OperationDefinitionNode) {
  if (value.kind !== Kind.VARIABLE) {
    if (holdsVariable(value)) return (variables: Variables) => valueFromASTUntyped(value, variables);
    const constant = valueFromASTUntyped(value);
    return () => constant;
  }
  const name = value.name.value;
  const definition = variableDefinitions.find(({ variable }) => variable.name.value === name);
  const fallback = definition?.defaultValue === undefined ? undefined : valueFromASTUntyped(definition.defaultValue);
  return (variables: Variables) => variables[name] === undefined ? fallback : variables[name];
}

function holdsVariable(value: ValueNode): boolean {
  let holds = false;
  visit(value, { Variable: () => void (holds = true) });
  return holds;
}
