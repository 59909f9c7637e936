"""Writes to the table in each way that Django has, and prints what came of it as JSON."""

import json
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import Client
from django.urls import reverse

from properties.models import Property

LOCATIONS = ["Accra", "Kumasi", "Tamale", "Cape Coast"]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        ways = parser.add_subparsers(dest="way", required=True)
        add(ways, create, "N properties, one save() each", count=int)
        add(ways, bulk, "N properties in one bulk_create()", count=int)
        add(ways, update, "a new price with save()", id=int, price=Decimal)
        add(ways, queryset_update, "a new price for all with QuerySet.update()", price=Decimal)
        add(ways, raw_update, "a new price with raw SQL", id=int, price=Decimal)
        add(ways, raw_status, "a new status, which only gable knows, with raw SQL", id=int, status=str)
        add(ways, delete, "one property away with delete()", id=int)
        add(ways, admin_edit, "a new title through the admin's form", id=int, title=str)
        add(ways, dump, "every row")

    def handle(self, *args, way, run, names, **options):
        result = run(*(options[name] for name in names))
        self.stdout.write(json.dumps(result))


def add(ways, run, summary, **arguments):
    parser = ways.add_parser(run.__name__.replace("_", "-"), help=summary)
    for name, kind in arguments.items():
        parser.add_argument(name, type=kind)
    parser.set_defaults(run=run, names=list(arguments))


def create(count):
    made = sample(count)
    for each in made:
        each.save()
    return [as_json(each) for each in made]


def bulk(count):
    return [as_json(each) for each in Property.objects.bulk_create(sample(count))]


def update(id, price):
    found = Property.objects.get(pk=id)
    found.price = price
    found.save()
    return as_json(Property.objects.get(pk=id))


def queryset_update(price):
    return {"changed": Property.objects.update(price=price)}


def raw_update(id, price):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE properties_property SET price = %s WHERE id = %s", [price, id])
        return {"changed": cursor.rowcount}


def raw_status(id, status):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE properties_property SET status = %s WHERE id = %s", [status, id])
        return {"changed": cursor.rowcount}


def delete(id):
    deleted, _ = Property.objects.get(pk=id).delete()
    return {"deleted": deleted}


def admin_edit(id, title):
    found = Property.objects.get(pk=id)
    form = {
        "title": title,
        "description": found.description,
        "price": str(found.price),
        "location": found.location,
    }
    answer = admin_client().post(reverse("admin:properties_property_change", args=[id]), form)
    if answer.status_code != 302:
        raise CommandError(f"the admin answered {answer.status_code}: {form_errors(answer)}")
    return as_json(Property.objects.get(pk=id))


def dump():
    return [as_json(each) for each in Property.objects.order_by("id")]


def sample(count):
    start = Property.objects.count()
    return [
        Property(
            title=f"House {number}",
            description=f"Number {number}, with a garden",
            price=Decimal(1000 + number) + Decimal("0.50"),
            location=LOCATIONS[number % len(LOCATIONS)],
        )
        for number in range(start + 1, start + count + 1)
    ]


def as_json(each):
    return {
        "id": each.pk,
        "title": each.title,
        "description": each.description,
        "price": str(each.price),
        "location": each.location,
        "created_at": each.created_at.isoformat().replace("+00:00", "Z"),
    }


def admin_client():
    users = get_user_model().objects
    user = users.filter(username="editor").first() or users.create_superuser("editor")
    client = Client()
    client.force_login(user)
    return client


def form_errors(answer):
    return answer.context["errors"] if answer.context and "errors" in answer.context else "no form"
