"""What finds barriers finds them; `test_pages` asks it about each page."""

import pytest

from tests.book.barriers import barriers

pytestmark = pytest.mark.slow


def test_a_barrier_is_found(chromium):
    page = chromium.new_page()
    page.set_content('<html lang="en"><title>t</title><main><p style="color: #bbb">pale</p><button></button></main></html>')
    assert {line.split(":")[0] for line in barriers(page)} >= {"color-contrast", "button-name"}
    assert {line.split(":")[0] for line in barriers(page, again=True)} == {"color-contrast"}
    page.set_content("""<html lang="en"><title>t</title><main class="highlight"><pre tabindex="0"><span class="k">if</span>
        <span class="k">else</span> <span class="s" style="color: #bbb">pale</span></pre></main></html>""")
    assert ["pale" in line for line in barriers(page)] == [True]
    page.set_content("""<html lang="en"><title>t</title><main><mjx-container><i>a</i></mjx-container>
        <mjx-container style="color: #bbb"><i>b</i></mjx-container></main></html>""")
    assert ["color-contrast" in line for line in barriers(page)] == [True]
    page.close()


def test_colours_are_judged_once_for_each_kind_of_element(chromium):
    page, known = chromium.new_page(), set()
    pages = {'<p class="a">pale</p>': 1, '<p class="a">again</p>': 0, '<div class="b"><p class="a">elsewhere</p></div>': 1}
    for text, found in pages.items():
        page.set_content(f'<html lang="en"><title>t</title><style>.a {{ color: #bbb }}</style><main>{text}<p>dark</p></main></html>')
        assert len(barriers(page, known=known)) == found, text
    page.close()
