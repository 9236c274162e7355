"""DynamoDB and its streams by moto, one call at a time: with request tokens, which moto does not know, and quicker than it is by itself."""
import copy, hashlib, inspect, threading, time

from localstack.aws.api import CommonServiceException
from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.aws.forwarder import ForwardingFallbackDispatcher
from localstack.services.moto import call_moto
from localstack.services.plugins import Service
from moto.dynamodb.models import DynamoDBBackend, Table

# As long as DynamoDB remembers one.
TOKEN_SECONDS = 600


class Transactions:
    """What moto lacks: the same token again is the same transaction, and with other items an error."""

    def __init__(self):
        self.done = {}

    def __call__(self, context, run):
        token = context.service_request.get("ClientRequestToken")
        if not token:
            return run()
        now, digest = time.monotonic(), hashlib.sha256(context.request.data).digest()
        self.done = {one: seen for one, seen in self.done.items() if seen[0] > now - TOKEN_SECONDS}
        key = (context.account_id, context.region, token)
        if key not in self.done:
            self.done[key] = (now, digest, run())
        elif self.done[key][1] != digest:
            raise CommonServiceException("IdempotentParameterMismatchException", "Request rejected: the token was used with other parameters", 400)
        return self.done[key][2]


def quicken(backend, table):
    """moto copies the whole table for each transaction, and sorts all of it for each query. Here transactions share the items, which
    an update then copies before it changes one; and queries look at items of their own key only. All calls come one at a time."""
    update_item, query, all_items = backend.update_item, table.query, table.all_items
    arguments, wanted = inspect.signature(query), []

    def copying_update(self, table_name, key, *args, **more):
        one = self.get_table(table_name)
        partition, sort = self.get_keys_value(one, key)
        row = one.items.get(partition)
        if sort is None and row is not None:
            one.items[partition] = copy.deepcopy(row)
        elif row is not None and sort in row:
            row[sort] = copy.deepcopy(row[sort])
        return update_item(self, table_name, key, *args, **more)

    def shared(self, _memo):
        twin = copy.copy(self)
        twin.items = copy.copy(self.items)
        if self.range_key_attr:
            twin.items.update({partition: dict(row) for partition, row in self.items.items()})
        return twin

    def narrow_query(self, hash_key, *args, **more):
        index_name = arguments.bind(self, hash_key, *args, **more).arguments.get("index_name")
        index = next((one for one in self.all_indexes() if one.name == index_name), None)
        schema = index.schema if index else [{"AttributeName": self.hash_key_attr, "KeyType": "HASH"}]
        wanted.append((next(key["AttributeName"] for key in schema if key["KeyType"] == "HASH"), hash_key))
        try:
            return query(self, hash_key, *args, **more)
        finally:
            wanted.pop()

    def narrow_items(self):
        if not wanted:
            return all_items(self)
        name, value = wanted[-1]
        rows = self.items.values()
        if name == self.hash_key_attr:
            rows = [self.items[value]] if value in self.items else []
        items = (item for row in rows for item in (row.values() if self.range_key_attr else [row]))
        return [item for item in items if name in item.attrs and item.attrs[name] == value]

    backend.update_item, table.__deepcopy__, table.query, table.all_items = copying_update, shared, narrow_query, narrow_items


LOCK = threading.Lock()


def dynamodb():
    quicken(DynamoDBBackend, Table)
    transactions = Transactions()

    def call(context, _request):
        with LOCK:
            if context.operation.name == "TransactWriteItems":
                return transactions(context, lambda: call_moto(context))
            return call_moto(context)

    return Service.for_provider(DynamodbApi(), dispatch_table_factory=lambda provider: ForwardingFallbackDispatcher(provider, call))


def dynamodb_streams():
    def call(context, _request):
        with LOCK:
            return call_moto(context)

    return Service.for_provider(DynamodbstreamsApi(), dispatch_table_factory=lambda provider: ForwardingFallbackDispatcher(provider, call))
