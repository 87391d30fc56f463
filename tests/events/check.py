#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Judges files of events by the schema of the client: all follow it, and none has a member that it does not name."""
import copy
import json
import pathlib
import sys

import jsonschema

ELSEWHERE = {"greeter", "discovered"}  # of a mode of its own, and judged in its tests


def close(schema):
    """The schema without what it leaves open for versions to come."""
    closed = copy.deepcopy(schema)
    names = [branch["if"]["properties"]["event"]["const"] for branch in closed["allOf"]]
    closed["unevaluatedProperties"] = False
    closed["properties"]["event"] = {"enum": names}
    closed["$defs"]["state"]["additionalProperties"] = False
    return closed, set(names)


def main():
    """Says how many events were good."""
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    closed, names = close(schema)
    validators = [jsonschema.Draft202012Validator(schema), jsonschema.Draft202012Validator(closed)]
    contents = []
    for file in sys.argv[2:]:
        events = [json.loads(line) for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines()]
        for event in events:
            for validator in validators:
                for error in validator.iter_errors(event):
                    sys.exit(f"{file}: {event['event']}: {error.json_path}: {error.message[:1000]}")
        if {event["event"] for event in events} != names - ELSEWHERE:
            sys.exit(f"{file} has not every event, or others")
        contents.append(events)
    if any(content != contents[0] for content in contents):
        sys.exit("the files differ in more than their encoding")
    print(f"{sum(map(len, contents))} events follow the schema")


if __name__ == "__main__":
    main()
