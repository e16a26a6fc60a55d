"""The pages inside the real UI of Airflow, as people use them. Each test changes what the next one finds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, expect

from stack.demo.records import look
from tests.browser.conftest import Visitor, log_in
from tests.browser.stage import (
    ADA,
    BACKFILL,
    CODE,
    CONTESTED,
    HELD,
    HOSTILE,
    OUTSIDER,
    REFUSED,
    SWITCH,
    SYNC,
    Stage,
)


def test_from_the_home_page_a_refused_row_and_its_remedy_are_two_clicks_away(admin: Visitor) -> None:
    admin.page.goto(f"{admin.url}/")
    admin.page.get_by_role("link", name="TaskBridge").first.click()
    expect(admin.frame.locator("#health")).to_contain_text("Something waits for a person")
    admin.frame.get_by_role("link", name="Problems", exact=True).click()
    row = admin.frame.get_by_role("row").filter(has_text=REFUSED)
    expect(row).to_contain_text(CODE)
    expect(row).to_contain_text("change the task so that the rule is met")


def test_where_is_my_task_is_three_clicks_away_and_tells_why_it_is_not_there(admin: Visitor) -> None:
    admin.page.goto(f"{admin.url}/")
    admin.page.get_by_role("link", name="TaskBridge").first.click()
    admin.frame.get_by_role("link", name="Find a task").click()
    admin.frame.get_by_role("searchbox").fill(OUTSIDER)
    admin.frame.get_by_role("button", name="Find").click()
    admin.frame.get_by_role("link", name=OUTSIDER).click()
    expect(admin.frame.locator("#answer")).to_contain_text(
        "created before its assignee's sync was switched on"
    )
    expect(admin.frame.locator("#answer")).to_contain_text("Create the task anew")


def test_hostile_titles_are_shown_and_do_nothing(admin: Visitor) -> None:
    asked: list[str] = []
    admin.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    frame = admin.open("find?q=script+alert")
    expect(frame.get_by_role("link", name=HOSTILE[0])).to_be_visible()
    frame = admin.open("find?q=HYPERLINK")
    expect(frame.get_by_role("link", name=HOSTILE[1])).to_be_visible()
    assert asked == []


def test_the_switch_off_and_on(admin: Visitor, stage: Stage) -> None:
    frame = admin.open("overview")
    expect(frame.get_by_role("heading", name="TaskBridge is on")).to_be_visible()
    admin.confirm("Switch off")
    expect(admin.frame.get_by_role("heading", name="TaskBridge is off")).to_be_visible()
    assert stage.api.variable(SWITCH) == "false"
    admin.confirm("Switch on")
    expect(admin.frame.get_by_role("heading", name="TaskBridge is on")).to_be_visible()
    assert stage.api.variable(SWITCH) == "true"


def test_a_field_is_decided_and_the_next_run_carries_it_out(admin: Visitor, stage: Stage) -> None:
    admin.open("conflicts")
    admin.confirm("Salesforce is right")
    expect(admin.frame.locator("main")).to_contain_text("Salesforce is right, says admin")
    stage.run()
    tasks = {record.title: record for record in look(stage.systems).records["sales_connect"]}
    assert tasks[CONTESTED].details == "told by mail"
    frame = admin.open("conflicts")
    expect(frame.locator("main")).to_contain_text("None waits")
    expect(frame.get_by_role("row").filter(has_text=CONTESTED)).to_contain_text("Salesforce won")


def test_a_held_plan_is_approved_where_it_is_shown(admin: Visitor, stage: Stage) -> None:
    frame = admin.open("plan")
    frame.get_by_role("row").filter(has_text="new due dates").get_by_role("link").click()
    for title in HELD:
        expect(admin.frame.get_by_role("row").filter(has_text=title)).to_contain_text("A limit")
    admin.confirm("Approve")
    expect(admin.frame.locator("main")).to_contain_text("approved by admin")
    due = {record.title: record.due for record in look(stage.systems).records["salesforce"]}
    assert [due[title] for title in HELD] == [(datetime.now(UTC).date() + timedelta(days=9)).isoformat()] * 2


def test_a_parked_row_is_ignored_with_a_reason_and_then_retried(admin: Visitor, stage: Stage) -> None:
    admin.open("problems")
    admin.confirm("Ignore", reason="Only a test")
    expect(admin.frame.get_by_role("region", name="Rows")).to_contain_text("None.")
    admin.frame.get_by_role("link", name="Ignored rows").click()
    expect(admin.frame.get_by_role("row").filter(has_text=REFUSED)).to_contain_text(
        "admin: ignore, Only a test"
    )
    stage.systems.salesforce.control("DELETE", "/faults")
    stage.api.delete_variable("taskbridge_settings")
    admin.confirm("Retry now")
    stage.run()
    stage.run()
    frame = admin.open(f"find?q={REFUSED.replace(' ', '+')}")
    frame.get_by_role("link", name=REFUSED).click()
    expect(admin.frame.locator("#answer")).to_contain_text("It is in both systems")


def test_a_sync_is_seen_with_what_it_did(admin: Visitor, stage: Stage) -> None:
    stage.person("sales_connect", "create", ADA, title="Seen crossing")
    dag_run = stage.run()
    frame = admin.open("overview")
    expect(frame.locator("#health")).to_contain_text("nothing waits")
    frame.get_by_role("region", name="Last runs").get_by_role("link").first.click()
    expect(admin.frame.get_by_role("heading", level=1)).to_contain_text("What run")
    expect(admin.frame.get_by_role("region", name="Rows", exact=True)).to_contain_text("Seen crossing")
    admin.page.goto(f"{admin.url}/dags/{SYNC}/runs/{dag_run}/plugin/taskbridge_run")
    expect(admin.frame.get_by_role("region", name="Rows", exact=True)).to_contain_text("Seen crossing")


def test_a_value_that_was_overwritten_is_restored_where_it_is_shown(admin: Visitor, stage: Stage) -> None:
    tasks = stage.titled()
    stage.person(
        "sales_connect", "change", ADA, tasks["sales_connect"]["Seen crossing"], details="the newer text"
    )
    stage.run()
    admin.open(f"find?q={tasks['sales_connect']['Seen crossing']}")
    admin.confirm("Restore")
    after = {record.title: record for record in look(stage.systems).records["sales_connect"]}
    assert after["Seen crossing"].details != "the newer text"


def test_three_days_are_backfilled_from_the_dialog(admin: Visitor, stage: Stage) -> None:
    days = [datetime.now(UTC).date() - timedelta(days=ago) for ago in (6, 5, 4)]
    page = admin.page
    page.goto(f"{admin.url}/dags/{BACKFILL}")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_text("Backfill", exact=True).click()
    for which, day in enumerate((days[0], days[-1])):
        field = page.get_by_test_id("datetime-input").nth(which)
        field.click()
        calendar = page.locator("[data-scope=popover][data-part=content]:visible")
        calendar.get_by_placeholder("YYYY/MM/DD").fill(f"{day:%Y/%m/%d}")
        page.keyboard.press("Tab")
        field.click()
        expect(calendar).to_be_hidden()
    expect(page.get_by_text("3 runs will be triggered.")).to_be_visible()
    admin.picture("backfill-dialog")
    page.get_by_role("button", name="Run Backfill").click()
    runs = stage.wait_for_backfill(3)
    assert {run["state"] for run in runs} == {"success"}
    assert sorted(datetime.fromisoformat(run["data_interval_start"]).date() for run in runs) == days


def test_light_and_dark_are_followed_as_they_change(admin: Visitor) -> None:
    frame = admin.open("overview")
    root = frame.locator("html")
    expect(root).to_have_class(re.compile("light"))
    before = frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    admin.page.evaluate("document.documentElement.className = 'dark'")
    expect(root).to_have_class(re.compile("dark"))
    assert frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") != before


def test_times_are_of_the_viewers_zone_with_utc_beside(admin: Visitor) -> None:
    time = admin.open("overview").get_by_role("region", name="Last runs").locator("time").first
    expect(time).to_have_attribute("data-local", "")  # the script has been there
    utc = datetime.fromisoformat(str(time.get_attribute("datetime")))
    assert time.get_attribute("title") == f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    offset = datetime.fromisoformat(time.inner_text()) - utc.replace(tzinfo=None)
    assert offset in (timedelta(hours=1), timedelta(hours=2)), "Berlin"


def test_the_keyboard_is_enough(admin: Visitor) -> None:
    frame = admin.open("overview")
    switch = frame.get_by_role("button", name="Switch off")
    switch.focus()
    admin.page.keyboard.press("Enter")
    dialog = frame.get_by_role("dialog", name="Switch off")
    expect(dialog).to_be_visible()
    admin.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(switch).to_be_focused()


def test_a_viewer_sees_everything_and_is_offered_nothing(browser: Browser, stage: Stage) -> None:
    visitor = log_in(browser, stage, "viewer")
    for page in ("overview", "plan", "conflicts", "problems", "drift", "find?q=Seen+crossing"):
        frame = visitor.open(page)
        expect(frame.locator("[data-act]")).to_have_count(0)
    visitor.context.close()
    assert visitor.complaints == []
