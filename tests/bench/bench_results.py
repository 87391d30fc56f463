# SPDX-License-Identifier: MIT
"""Results on disk: a directory with bench.json and soak.json."""
import json
import os


def dumps(results):
    """JSON with a line for each entry of a list of objects, so that changes can be read."""
    def lines(value, indent):
        if isinstance(value, dict) and any(isinstance(entry, (dict, list)) for entry in value.values()) and indent < 3:
            inner = ",\n".join(f"{' ' * (indent + 1)}{json.dumps(key)}: {lines(entry, indent + 1)}"
                               for key, entry in value.items())
            return "{\n" + inner + "\n" + " " * indent + "}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            inner = ",\n".join(" " * (indent + 1) + json.dumps(entry) for entry in value)
            return "[\n" + inner + "\n" + " " * indent + "]"
        return json.dumps(value)
    return lines(results, 0) + "\n"


def save(directory, name, results):
    """Nothing without a directory."""
    if not directory:
        return
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, name), "w", encoding="utf-8") as out:
        out.write(dumps(results))


def load(directory, name):
    """What was saved, or None."""
    if not directory:
        return None
    try:
        with open(os.path.join(directory, name), encoding="utf-8") as source:
            return json.load(source)
    except FileNotFoundError:
        return None
