"""Turns an OpenAPI contract into Pydantic schemas, sealed responses, a handler interface and FastAPI routes.

read (the document, its lines) → schemas (datamodel-code-generator) → plan (typed) → render (Jinja2).
"""
