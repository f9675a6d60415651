import type { DocumentNode, GraphQLSchema, OperationDefinitionNode } from "graphql";
import { AppError } from "../base/errors.ts";
import { type Amount, amountWith, type Variables } from "./_amounts.ts";
import { findShapeFault } from "./_document_shape.ts";
import { MAX_COST } from "./_field_costs.ts";
import { compileCost } from "./_operation_cost.ts";

/** Bounds what one document may ask for. What it finds of a document is kept for as long as the document is. */
export interface DocumentLimits {
  /** Before validation: depth, aliases, directives and the like. Throws `TOO_COMPLEX`. */
  checkShape(document: DocumentNode): void;
  /** Before execution of one of a valid document's operations: what it costs. Throws `TOO_COMPLEX`. */
  checkCost(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): number;
}

/** Builds the limits over a schema. */
export function createDocumentLimits(schema: GraphQLSchema): DocumentLimits {
  const faults = new WeakMap<DocumentNode, AppError | null>();
  const costs = new WeakMap<OperationDefinitionNode, Amount>();
  return { checkShape, checkCost };

  function checkShape(document: DocumentNode): void {
    let fault = faults.get(document);
    if (fault === undefined) faults.set(document, fault = findShapeFault(document));
    if (fault !== null) throw fault;
  }

  function checkCost(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables): number {
    let amount = costs.get(operation);
    if (amount === undefined) costs.set(operation, amount = compileCost(schema, document, operation));
    const cost = Math.ceil(amountWith(amount, variables));
    if (cost <= MAX_COST) return cost;
    throw new AppError("TOO_COMPLEX", `Cannot run this operation: it costs ${cost}, at most ${MAX_COST}`);
  }
}
