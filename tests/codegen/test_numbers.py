"""Numbers of Python that JSON cannot write do not get into or out of any model, whatever it is built around."""

import importlib
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from codegen.__main__ import main
from tests.codegen.generator import THINGS

PLACES = {
    "a member": "    Number: {type: object, required: [at], properties: {at: {type: number}}}\n",
    "an array": "    Number: {type: array, items: {type: number}}\n",
    "a body": "    Number: {type: number}\n",
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN"])
def test_a_number_that_is_not_finite_is_refused_in(
    place: str, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = tmp_path / "things.yaml"
    contract.write_text(THINGS.replace("schemas/Fault", "schemas/Number") + PLACES[place])
    package = f"numbers_{place[-4:]}"
    assert main([str(contract), "--output", str(tmp_path / package)]) == 0
    monkeypatch.syspath_prepend(str(tmp_path))
    schemas = importlib.import_module(f"{package}.schemas")
    model: type[BaseModel] = schemas.Number if place == "a member" else schemas.MissingBody
    value = {"a member": {"at": float(number)}, "an array": [float(number)], "a body": float(number)}[place]
    finite = {"a member": {"at": 0.5}, "an array": [0.5], "a body": 0.5}[place]

    assert model.model_validate(finite).model_dump() == finite
    with pytest.raises(ValidationError, match="finite number"):
        model.model_validate(value)
