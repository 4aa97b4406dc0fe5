"""Facts that a product knows and a schema cannot say: registered values, given codes, the owner of a form."""

import json
import os

import schemathesis

# An id of the right form that no thing has.
NOBODYS = "con_00000000000000000000000000"
KNOWN = json.loads(os.environ["MOORING_KNOWN"])


@schemathesis.hook
def before_call(context, case, kwargs):
    """Fills good calls with existing values, so that operations run and do not only refuse. Bad calls stay as they are."""
    if isinstance(case.body, dict) and case.body.get("tenant") is True:
        # It would end the tenant: every answer afterwards would be 401, and the run would see nothing.
        case.body = {"connection_id": NOBODYS}
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    operation = case.operation.definition.raw.get("operationId")
    if operation == "createConnectSession" and isinstance(case.body, dict):
        case.body |= {"return_url": KNOWN["return_url"], "platform": "tiktok_ads"}
    if operation == "showDeletionStatus":
        case.path_parameters["code"] = KNOWN["codes"][len(case.path_parameters["code"]) % len(KNOWN["codes"])]
    if case.method == "POST" and not case.path.startswith("/v1/"):
        case.headers["Sec-Fetch-Site"] = "same-origin"
