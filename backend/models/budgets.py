"""Wire shapes of budgets."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from backend.models.auth import Strict
from backend.ports.budgets import Budget, Period, Resource, Scope

Subject = Annotated[str, StringConstraints(max_length=256)]
LARGEST = 10**15


class BudgetName(BaseModel):
    """What a budget is about; see `BudgetIn`."""

    id: str
    scope: Scope
    subject: str
    model: str
    resource: Resource
    period: Period

    @classmethod
    def of(cls, budget: Budget) -> Self:
        """Name a budget."""
        return cls(**_fields(budget))


class BudgetIn(Strict):
    """How much of a resource may be used in a period.

    `subject` is the id of the user or key, or the name of the model; `default` has none. `model`
    makes a budget of one of the other scopes be about that model alone.
    """

    scope: Scope
    subject: Subject = ""
    model: Subject = ""
    resource: Resource
    period: Period
    limit: Annotated[int, Field(ge=0, le=LARGEST, strict=True)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.scope == "default") == bool(self.subject):
            fault = "default has no subject; a user, key or model is named by it"
            raise ValueError(fault)
        if self.model and (self.scope == "model" or self.resource == "upload_bytes"):
            fault = "model is for requests, tokens and concurrent_runs of other scopes than model"
            raise ValueError(fault)
        if self.scope == "model" and self.resource == "upload_bytes":
            fault = "uploads are not of a model"
            raise ValueError(fault)
        if (self.resource == "concurrent_runs") != (self.period == "now"):
            fault = "concurrent_runs are counted now, and nothing else is"
            raise ValueError(fault)
        return self

    def budget(self, budget_id: str) -> Budget:
        """Read it."""
        return Budget(id=budget_id, **self.model_dump())


class BudgetOut(BudgetName):
    """A budget as it is set."""

    limit: int
    created_at: int

    @classmethod
    def of(cls, budget: Budget) -> Self:
        """Render a budget."""
        return cls(**_fields(budget), limit=budget.limit, created_at=budget.created_at_ms // 1000)


def _fields(budget: Budget) -> dict[str, Any]:
    names = ("id", "scope", "subject", "model", "resource", "period")
    return {name: getattr(budget, name) for name in names}
