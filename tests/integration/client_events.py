# SPDX-License-Identifier: MIT
"""Events of the client, as its published schema has them."""

import json
import pathlib
import sys

import jsonschema

TESTS = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "events"))
from check import close  # noqa: E402

SCHEMA = json.loads((TESTS.parent / "doc/client.schema.json").read_text(encoding="utf-8"))
_VALIDATOR = jsonschema.Draft202012Validator(close(SCHEMA)[0])


def read_event(line):
    """The event of a line; fails unless it follows the schema, without a member that the schema does not name."""
    event = json.loads(line)
    _VALIDATOR.validate(event)
    return event
