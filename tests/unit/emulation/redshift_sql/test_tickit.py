"""Statements in the manner of the TICKIT sample of AWS's guide, over rows of our own."""

import pytest


@pytest.fixture(scope="module")
def tickit(shared):
    shared(
        "create table category(catid smallint not null distkey sortkey, catgroup varchar(10),"
        " catname varchar(10), catdesc varchar(50))"
    )
    shared(
        "create table event(eventid integer not null distkey, venueid smallint not null,"
        " catid smallint not null, dateid smallint not null sortkey, eventname varchar(200),"
        " starttime timestamp)"
    )
    shared(
        "create table sale(salesid integer not null, listid integer not null distkey,"
        " sellerid integer not null, eventid integer not null, dateid smallint not null sortkey,"
        " qtysold smallint not null, pricepaid decimal(8,2), commission decimal(8,2),"
        " saletime timestamp)"
    )
    shared.objects.put(
        "s3://tickit/category_pipe.txt",
        "1|Sports|MLB|Major League Baseball\n6|Shows|Musicals|Musical theatre\n9|Concerts|Pop|\n",
    )
    shared.objects.put(
        "s3://tickit/events.txt", "1|7|6|1827|Wicked|2008-01-02 20:00:00\n2|8|9|1830|Beck|\n"
    )
    shared.objects.put(
        "s3://tickit/sales.txt",
        "1\t1\t10\t1\t1875\t4\t728.00\t109.20\t2/18/2008 02:36:48\n"
        "2\t4\t11\t1\t1983\t2\t76.00\t11.40\t6/6/2008 05:00:16\n"
        "3\t5\t10\t2\t1983\t1\t350.00\t52.50\t6/6/2008 08:26:17\n",
    )
    role = "iam_role 'arn:aws:iam::123456789012:role/load'"
    shared(f"copy category from 's3://tickit/category_pipe.txt' {role} delimiter '|'")
    shared(f"copy event from 's3://tickit/events.txt' {role} delimiter '|' region 'us-east-1'")
    shared(
        f"copy sale from 's3://tickit/sales.txt' {role} delimiter '\\t'"
        " timeformat 'MM/DD/YYYY HH:MI:SS' compupdate off"
    )
    return shared


def test_loaded_tables_have_their_rows(tickit):
    assert tickit("select count(*) from sale") == [(3,)]
    assert tickit("select saletime from sale where salesid = 1") == [("2008-02-18 02:36:48",)]


def test_total_sales_by_event_in_descending_order(tickit):
    rows = tickit(
        "select eventname, total_price from (select eventid, sum(pricepaid) total_price from sale"
        " group by eventid) q, event e where q.eventid = e.eventid order by total_price desc"
    )
    assert rows == [("Wicked", "804.00"), ("Beck", "350.00")]


def test_sellers_ranked_by_quantity(tickit):
    rows = tickit(
        "select sellerid, sum(qtysold) as qty, rank() over (order by sum(qtysold) desc) as rnk"
        " from sale group by sellerid order by rnk, sellerid"
    )
    assert rows == [(10, 5, 1), (11, 2, 2)]


def test_ratio_of_commission_keeps_the_scale_of_division(tickit):
    assert tickit("select commission / pricepaid from sale where salesid = 1") == [("0.150000000",)]


def test_monthly_totals(tickit):
    rows = tickit(
        "select to_char(saletime, 'YYYY-MM') as month, date_part(quarter, saletime) as q,"
        " sum(pricepaid * qtysold) as revenue from sale group by 1, 2 order by 1"
    )
    assert rows == [("2008-02", 1, "2912.00"), ("2008-06", 2, "502.00")]


def test_events_without_a_start_come_last(tickit):
    assert tickit("select eventname from event order by starttime") == [("Wicked",), ("Beck",)]


def test_categories_without_events(tickit):
    rows = tickit(
        "select c.catname, count(e.eventid) from category c left join event e on c.catid = e.catid"
        " group by c.catname having count(e.eventid) = 0"
    )
    assert rows == [("MLB", 0)]


def test_first_sale_of_each_day(tickit):
    rows = tickit(
        "select distinct trunc(saletime), first_value(salesid) over (partition by trunc(saletime)"
        " order by saletime rows between unbounded preceding and unbounded following) as first"
        " from sale order by 1"
    )
    assert rows == [("2008-02-18", 1), ("2008-06-06", 2)]
