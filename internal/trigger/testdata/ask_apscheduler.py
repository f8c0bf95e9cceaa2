"""Answers on stdout, as JSON, when APScheduler 3 fires for each case on stdin: lists of seconds since 1970."""

import json
import sys
from datetime import datetime, timedelta, timezone

import pytz
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger


def trigger(case):
    zone = pytz.timezone(case["timezone"])
    if case["kind"] == "crontab":
        return CronTrigger.from_crontab(case["expression"], timezone=zone)
    if case["kind"] == "fields":
        return CronTrigger(timezone=zone, **case["fields"])
    if case["kind"] == "date":
        return DateTrigger(run_date=case["start"], timezone=zone)
    return IntervalTrigger(seconds=case["seconds"], start_date=case["start"], timezone=zone)


def fires(case):
    t = trigger(case)
    now = datetime.fromtimestamp(case["from"], timezone.utc)
    previous, times = None, []
    while len(times) < case["count"]:
        previous = t.get_next_fire_time(previous, now)
        if previous is None:
            break
        times.append(int(previous.timestamp()))
        now = previous
        if case["kind"] == "date":
            break
    return times


json.dump([fires(case) for case in json.load(sys.stdin)], sys.stdout)
