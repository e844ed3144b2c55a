"""Turns an OpenAPI contract into Pydantic schemas, sealed responses, a handler interface and FastAPI routes.

read (the document, its lines) → supported (or refused) → planner (schemas by datamodel-code-generator) → plan (typed
values) → render (Jinja2).
"""
