"""Which answers of the API are right, although schemathesis takes them for wrong."""

import schemathesis

# Rules that no description can say: two fields that go together, an id of something that is not there, a day that is too
# long ago (422), a cursor that is ours alone, a form that is none (400), a version that is no more (412).
BEYOND_DESCRIPTIONS = {"ST202": {400, 412, 422}}


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Says which failures count."""
    if failure.code == "ST201":
        return not is_harmless(case)
    if response.status_code in BEYOND_DESCRIPTIONS.get(failure.code, ()):
        return is_misdescribed(response)
    return True


def is_harmless(case):
    """Headers that nobody knows are passed over (RFC 9110, section 5.1), and an empty field of a query counts as absent, as
    forms send it."""
    unknown = any(name.lower().startswith("x-schemathesis-") for name in case.headers or {})
    empty = any(value in ("", [], {}, None) for value in (case.query or {}).values())
    return unknown or empty


def is_misdescribed(response):
    """A code that is described and not known, or a field that is not known, is a description that is wrong: two types of one
    name, for example."""
    try:
        errors = response.json().get("errors", [])
    except ValueError:
        return True
    return any(
        error["code"] == "unknown_field" or error["message"].startswith(("Expected `", "Expected one of"))
        for error in errors
    )
