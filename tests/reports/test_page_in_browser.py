"""The page as a reader uses it: opened from disk in a real browser without a network."""

import shutil
from dataclasses import replace

import pytest

from xadapt.analysis.comparison import compare
from xadapt.analysis.tested import Tested
from xadapt.reports.page import write_page
from xadapt.reports.report import Report

pytestmark = pytest.mark.slow

FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
FLAGS += " --disable-component-update --disable-sync --window-size=1280,900"

#: Contrast of each cell of the heat map and of some texts with what is behind them, as WCAG 2 defines it.
CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const light = (colour) => {
  canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const parts = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
};
const behind = (one) => {
  const colour = getComputedStyle(one).backgroundColor;
  return colour === "rgba(0, 0, 0, 0)" ? behind(one.parentElement) : colour;
};
return [...document.querySelectorAll("#heat td, h1, .note, dt, caption, nav a, thead button")].map((one) => {
  const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
});
"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    programs = shutil.which("chromium"), shutil.which("chromedriver")
    if None in programs:
        pytest.skip("chromium and chromedriver are not installed (Debian: apt-get install chromium chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=programs[1]))
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, result, tmp_path):
    """Two tasks, the second in fewer languages; the fusion's differences are tested."""
    setups = {"mnli": 60.0, "squad": 9.5, "fuse(mnli, squad)": 62.0, "average(mnli, squad)": 58.0}
    shifts = {"en": 5.0, "de": 0.0, "ru": -3.0, "hi": -8.0, "ur": -9.0, "sw": -4.0}
    results = [
        result(f"stack({setup}, xnli)", {code: score + shift for code, shift in shifts.items()})
        for setup, score in setups.items()
    ]
    results.append(result("xnli", {"en": 50.0}))
    results += [
        result(f"stack({setup}, xquad)", {"en": score, "de": score / 2}, task="xquad")
        for setup, score in [("mnli", 30.0), ("fuse(mnli, squad)", 10.0)]
    ]
    test = Tested(2.0, 0.4, 3.6, 0.01, 0.02, None, 4000, 1)
    comparisons = []
    for comparison in compare(results):
        block = comparison.blocks[0]
        rows = [replace(row, tested=test, tests={"hi": test}) if row.family == "fuse" else row for row in block.rows]
        # A name that would run if it were not escaped.
        rows = [replace(row, label="<script>hit = 1</script>") if row.label == "squad" else row for row in rows]
        comparisons.append(replace(comparison, blocks=(replace(block, rows=tuple(rows)),)))
    commands = ["xadapt run " + "recipes/a-long-name-without-a-space-" * 8]
    report = Report(comparisons, results, "Does fusion help?", commands, "name: fusion")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get(write_page(report, tmp_path).as_uri())
    browser.execute_script("localStorage.clear()")
    prefer(browser, "light")
    browser.refresh()
    return browser


def prefer(browser, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def find(page, selector):
    return page.find_element("css selector", selector)


def shown(page, table, column=1):
    """The texts of a column in the rows that are seen."""
    rows = f"#{table} tbody tr:not([hidden])"
    return page.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((row) => row.cells[arguments[1]].textContent)",
        rows,
        column - 1,
    )


def head(page, table, column):
    return find(page, f"#{table} thead th:nth-child({column})")


def test_the_page_opens_without_an_error_and_asks_for_nothing(page):
    assert [entry for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert page.title == "Does fusion help?"


def test_a_setup_named_as_a_script_is_text(page):
    assert page.execute_script("return typeof hit") == "undefined"
    assert "<script>hit = 1</script>" in shown(page, "task-1-1-setups")


def test_numbers_sort_from_the_highest_then_from_the_lowest_and_absent_ones_stay_last(page):
    before = shown(page, "task-1-1-setups", 4)
    press = find(page, "#task-1-1-setups thead th:nth-child(4) button")
    press.click()
    falling = shown(page, "task-1-1-setups", 4)
    # 9.5 − 4.8 is below 10 and would come first if numbers were sorted as text.
    assert falling == ["57.2", "55.2", "53.2", "4.7", "–"]
    assert falling != before
    assert head(page, "task-1-1-setups", 4).get_attribute("aria-sort") == "descending"
    press.click()
    assert shown(page, "task-1-1-setups", 4) == ["4.7", "53.2", "55.2", "57.2", "–"]
    assert head(page, "task-1-1-setups", 4).get_attribute("aria-sort") == "ascending"


def test_names_sort_by_keyboard_from_the_first_letter_and_one_column_is_marked(page):
    from selenium.webdriver.common.keys import Keys

    find(page, "#task-1-1-languages thead th:nth-child(5) button").click()
    find(page, "#task-1-1-languages thead th:nth-child(1) button").send_keys(Keys.ENTER)
    assert shown(page, "task-1-1-languages") == ["English", "German", "Hindi", "Russian", "Swahili", "Urdu"]
    sorts = [
        each.get_attribute("aria-sort")
        for each in page.find_elements("css selector", "#task-1-1-languages th[aria-sort]")
    ]
    assert sorts == ["ascending"] + ["none"] * (len(sorts) - 1)


def test_differences_with_a_minus_sign_and_an_interval_sort_as_numbers(page):
    find(page, "#task-1-1-setups thead th:nth-child(5) button").click()
    assert shown(page, "task-1-1-setups", 5) == ["+2.0 (+0.4 to +3.6)", "0.0", "−2.0", "−50.5", "–"]


@pytest.mark.parametrize(
    ("words", "languages"),
    [
        ("indo-aryan", ["Hindi", "Urdu"]),
        ("CYRILLIC", ["Russian"]),
        ("germ lat", ["English", "German"]),
        ("sw", ["Swahili"]),
        ("klingon", []),
        ("", ["English", "German", "Hindi", "Russian", "Swahili", "Urdu"]),
    ],
)
def test_languages_are_filtered_by_name_code_family_and_script(page, words, languages):
    find(page, "input[data-filter=task-1-1-languages]").send_keys(words or " ")
    assert sorted(shown(page, "task-1-1-languages")) == languages
    count = find(page, "output[data-count=task-1-1-languages]").text
    assert count == (f"{len(languages)} of 6" if words else "")


def test_a_filtered_table_is_sorted_and_a_sorted_one_filtered(page):
    find(page, "input[data-filter=task-1-1-languages]").send_keys("IE")
    find(page, "#task-1-1-languages thead th:nth-child(2) button").click()
    assert shown(page, "task-1-1-languages", 2) == ["de", "en", "hi", "ru", "ur"]


def test_the_heat_map_shows_the_setup_that_is_chosen(page):
    from selenium.webdriver.support.ui import Select

    def background(row):
        return find(page, f"#heat tbody tr:nth-child({row}) td").value_of_css_property("background-color")

    def cells(row):
        return [cell.text for cell in page.find_elements("css selector", f"#heat tbody tr:nth-child({row}) td")]

    # The mean and Hindi are significant.
    assert cells(1) == ["+2.0*", "+2.0", "+2.0", "+2.0*", "+2.0", "+2.0", "+2.0"]
    blue = background(1)
    Select(find(page, "#heat-setup")).select_by_visible_text("average(mnli, squad)")
    assert cells(1) == ["−2.0"] * 7
    assert cells(2) == ["–"] * 7
    assert find(page, "#heat tbody th code").text == "average(mnli, squad)"
    assert find(page, "#heat-name").text == "average(mnli, squad)"
    assert len({blue, background(1), background(2)}) == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_does_not_scroll_sideways(page, scheme):
    phone = {"width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    prefer(page, scheme)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 375
    assert page.execute_script("return innerWidth") == 375
    # Its tables do, inside their boxes.
    assert page.execute_script("const box = document.querySelector('.box'); return box.scrollWidth > box.clientWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_in_both_colour_schemes(page, scheme):
    prefer(page, scheme)
    ratios = page.execute_script(CONTRAST)
    assert len(ratios) > 40
    assert min(ratios) >= 4.5


def test_the_button_turns_light_to_dark_and_back_and_is_remembered(page):
    def background():
        return page.execute_script("return getComputedStyle(document.body).backgroundColor")

    light = background()
    button = find(page, "#theme")
    assert button.text == "Dark"
    button.click()
    dark = background()
    assert dark != light
    assert button.text == "Light"
    page.refresh()
    assert background() == dark
    find(page, "#theme").click()
    assert background() == light
    prefer(page, "dark")
    assert background() == light


def test_paper_shows_what_was_folded(page):
    closed = "return document.querySelectorAll('details:not([open])').length"
    assert page.execute_script(closed) > 0
    page.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert page.execute_script(closed) == 0
    page.execute_script("dispatchEvent(new Event('afterprint'))")
    assert page.execute_script(closed) > 0
