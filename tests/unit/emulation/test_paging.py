"""Pages of a list hold every item once, whatever their size; a made-up token is refused."""

from base64 import b64encode

import pytest

from emulation.services.paging import CAMEL_NAMES, page


class RefusalError(Exception):
    pass


@pytest.mark.parametrize(("size", "pages"), [(1, 7), (3, 3), (7, 1), (100, 1)])
def test_every_item_is_on_one_page(size, pages):
    seen, request = [], {"MaxResults": size}
    for _ in range(pages):
        some, more = page(request, range(7), RefusalError())
        seen.append(some)
        request |= more
    assert sum(seen, []) == list(range(7))
    assert more == {}


def test_size_and_names_are_the_services_own():
    assert page({}, range(9), RefusalError(), size=9) == (list(range(9)), {})
    some, more = page({"maxResults": 2}, range(9), RefusalError(), names=CAMEL_NAMES)
    assert some == [0, 1]
    assert page(more, range(9), RefusalError(), names=CAMEL_NAMES)[0] == list(range(2, 9))


@pytest.mark.parametrize("plain", ["at:-5", "at:x", "from:3", "3", "at:1:2", "at:" + "9" * 5000])
def test_token_that_no_page_gave_is_refused(plain):
    token = b64encode(plain.encode()).decode()
    with pytest.raises(RefusalError):
        page({"NextToken": token}, range(9), RefusalError())


@pytest.mark.parametrize("token", ["nonsense", "é", "/w==", "YXQ6M"])
def test_text_that_is_no_token_is_refused(token):
    with pytest.raises(RefusalError):
        page({"NextToken": token}, range(9), RefusalError())
