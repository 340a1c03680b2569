"""What is made of the contract: two documents for strangers, and the browser's own types."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from importlib import metadata
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from server.contract import asyncapi, openapi, typescript
from server.contract.ground import GROUND
from server.contract.terms import Contract, joined
from server.live.frames import Hello, Welcome
from server.live.welcome import welcome_of
from server.module import Module, load_modules
from server.settings import Settings

ASYNCAPI = "docs/asyncapi.json"
OPENAPI = "docs/openapi.json"
WIRE = "web/src/lib/wire.ts"
COMMAND = "python -m server.contract"
"""What writes them."""


def contract_of(modules: Iterable[Module]) -> Contract:
    """The ground's and these features' together, with the ``welcome`` that they make."""
    contracts = [GROUND, *(module.contract for module in modules)]
    whole = joined(contracts)
    sections = [contract.welcome for contract in contracts if contract.welcome is not None]
    welcome: Any = welcome_of(sections)
    kinds: list[type[Struct]] = [Welcome, *sections]
    parts = [_only(whole.examples, kind) for kind in kinds]
    example = welcome(**{name: value for part in parts for name, value in asdict(part).items()})
    examples = tuple(each for each in whole.examples if type(each) not in kinds)
    return replace(whole, answers={**whole.answers, Hello: (welcome,)}, examples=(example, *examples))


def asyncapi_text(contract: Contract) -> str:
    return _text(asyncapi.asyncapi(contract, metadata.version("renraku")))


def openapi_text(contract: Contract) -> str:
    return _text(openapi.openapi(contract, metadata.version("renraku")))


def written() -> dict[str, str]:
    """The files in the repository that are made, by their path, as they should be."""
    contract = contract_of(load_modules(Settings.model_fields["modules"].default))
    return {
        ASYNCAPI: asyncapi_text(contract),
        OPENAPI: openapi_text(contract),
        WIRE: typescript.typescript(contract),
    }


def _only(examples: Iterable[Struct], kind: type[Struct]) -> Struct:
    return next(example for example in examples if type(example) is kind)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
