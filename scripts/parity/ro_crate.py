"""An exported RO-Crate as others see it: read by rocrate-py, validated by rocrate-validator, every file compared with its hash.

    python scripts/parity/ro_crate.py CRATE [--contexts FOLDER]

Needs rocrate and roc-validator. They load the JSON-LD contexts that the crate names from the network; FOLDER holds ro-crate-1.1.jsonld and
workflow-run.jsonld instead (docs/_specification/1.1/context.jsonld of ResearchObject/ro-crate, workflow-run/context of ResearchObject/ro-terms).
Ends with an error where a required check fails or a hash differs; failed recommendations are printed.
"""

import argparse
import hashlib
import io
import json
import urllib.request
from pathlib import Path
from urllib.parse import unquote
from urllib.response import addinfourl

parser = argparse.ArgumentParser()
parser.add_argument("crate", type=Path)
parser.add_argument("--contexts", type=Path)
args = parser.parse_args()

if args.contexts:
    from email.message import Message

    from requests import Response, Session

    local = {"https://w3id.org/ro/crate/1.1/context": "ro-crate-1.1.jsonld", "https://w3id.org/ro/terms/workflow-run/context": "workflow-run.jsonld"}
    far, far_session = urllib.request.OpenerDirector.open, Session.request

    def text_of(url):
        name = local.get(str(url).split("#")[0])
        return None if name is None else (args.contexts / name).read_bytes()

    def near(self, request, *more, **named):
        url = request if isinstance(request, str) else request.full_url
        text = text_of(url)
        if text is None:
            return far(self, request, *more, **named)
        headers = Message()
        headers["Content-Type"] = "application/ld+json"
        return addinfourl(io.BytesIO(text), headers, url, 200)

    def near_session(self, method, url, **named):
        text = text_of(url)
        if text is None:
            return far_session(self, method, url, **named)
        response = Response()
        response.status_code, response._content, response.url = 200, text, url
        response.headers["Content-Type"] = "application/ld+json"
        return response

    urllib.request.OpenerDirector.open, Session.request = near, near_session

from rocrate.rocrate import ROCrate  # noqa: E402
from rocrate_validator import services  # noqa: E402
from rocrate_validator.models import Severity, ValidationSettings  # noqa: E402

crate = ROCrate(args.crate)
files = 0
for entity in crate.get_entities():
    if entity.type != "File":
        continue
    content = (args.crate / unquote(entity.id)).read_bytes()
    assert hashlib.sha256(content).hexdigest() == entity["sha256"], entity.id
    assert str(len(content)) == entity["contentSize"], entity.id
    files += 1
actions = [entity.id for entity in crate.get_entities() if entity.type == "CreateAction"]
print(f"rocrate-py: {files} files, all with their hashes; actions {', '.join(actions)}; licence {crate.license}")

failed = False
for profile in ("ro-crate-1.1", "process-run-crate-0.5"):
    for severity in (Severity.REQUIRED, Severity.RECOMMENDED):
        result = services.validate(ValidationSettings(rocrate_uri=args.crate, profile_identifier=profile, requirement_severity=severity))
        issues = result.get_issues()
        print(f"rocrate-validator, {profile}, {severity.name}: {'passed' if result.passed() else f'{len(issues)} issues'}")
        for issue in issues:
            print(f"  {issue.check.identifier}: {issue.message}")
        failed = failed or (severity == Severity.REQUIRED and not result.passed())
raise SystemExit(1 if failed else 0)
