"""The contract is served as it is, and the page that shows it asks no other host for anything."""

import json
import re

import httpx2
import pytest
import yaml

from app.contract import PATH


def test_the_contract_is_served_byte_for_byte(client: httpx2.Client) -> None:
    response = client.get("/openapi.yaml")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/yaml"
    assert response.content == PATH.read_bytes()


def test_the_json_is_the_same_document(client: httpx2.Client) -> None:
    response = client.get("/openapi.json")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.content) == yaml.safe_load(PATH.read_bytes())


def test_the_page_loads_everything_from_the_service(client: httpx2.Client) -> None:
    page = client.get("/docs")
    addresses = re.findall(r'(?:src|href|url)\s*[=:]\s*"([^"]*)"', page.text + client.get("/docs/start.js").text)

    assert page.status_code == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert set(addresses) == {
        "data:,",
        "docs/assets/swagger-ui.css",
        "docs/assets/swagger-ui-bundle.js",
        "docs/start.js",
        "openapi.json",
    }
    for address in addresses:
        if not address.startswith("data:"):
            assert client.get(f"/{address}").status_code == 200


def test_the_page_may_not_run_or_load_anything_else(client: httpx2.Client) -> None:
    page = client.get("/docs")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not re.search(r"<script>|<style|\son\w+=|\sstyle=", page.text)


@pytest.mark.parametrize("path", ["/docs/assets/", "/docs/assets/none.js", "/docs/assets/../../app/main.py"])
def test_no_other_file_is_served(client: httpx2.Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"
