#!/bin/sh
# The description of the API by the recommended rules of two linters (npm packages, so not in the suite): tools/lint_description.sh ADDRESS,
# of a deployment that runs, as http://127.0.0.1:8080. Fails at any error.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
curl -sf "$1/schema" > "$folder/openapi.json"
cd "$folder"
echo 'extends: ["spectral:oas"]' > .spectral.yaml
npm install --silent --no-audit --no-fund @redocly/cli@2 @stoplight/spectral-cli@6
npx redocly lint openapi.json --extends=recommended
npx spectral lint openapi.json --fail-severity=warn
