"""What the scripts with the openai package share."""

import openai


def client(url, key="unused", **options):
    return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, **options)


def expect(error, call):
    """The error, which the call must raise."""
    try:
        call()
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was not raised")
