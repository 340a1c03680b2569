"""The demo company has 定型文 and a drill that is over, with the numbers that its rows say."""

from __future__ import annotations

from sqlalchemy import func, select

from anpi import templates
from anpi.board import asking
from anpi.drill import counting
from anpi.drill.figures import told
from anpi.sending.tables import deliveries
from anpi.tables import incidents
from server import demo
from server.auth.model import operator
from tests.tools.running import Running


async def test_its_drill_is_over_and_its_totals_are_right(server: Running):
    services = server.services
    assert await demo.load(services)
    ids = await services.readers.ask(lambda db: db.execute(select(incidents.c.id)).scalars().all())
    assert len(ids) == 1
    totals = await services.readers.ask(asking.totals, operator(), ids[0])
    assert (totals.state, totals.drill, totals.counts.asked) == ("done", True, 300)
    assert 0 < totals.counts.unanswered < 30
    assert totals.counts.minor and totals.counts.major and totals.counts.other and totals.counts.help
    counted = await services.readers.ask(counting.counted, ids[0])
    product = told(totals)
    assert product.counts == counted.counts and product.counts["reached"] == 300
    assert (product.quarters, product.minutes) == (counted.quarters, counted.minutes)
    assert product.departments == counted.departments


async def test_it_sends_nothing_and_has_three_templates(server: Running):
    services = server.services
    assert await demo.load(services)
    waiting = select(func.count()).select_from(deliveries).where(deliveries.c.ended_at.is_(None))
    assert await services.readers.ask(lambda db: db.scalar(waiting)) == 0
    mailed = select(func.count()).select_from(deliveries).where(deliveries.c.channel == "mail")
    assert await services.readers.ask(lambda db: db.scalar(mailed.where(deliveries.c.state != "written"))) == 0
    found = await services.readers.ask(templates.listed, operator())
    assert [each.name for each in found.templates] == ["台風（出社可否）", "地震（安否確認）", "防災訓練"]
