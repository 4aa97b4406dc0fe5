"""Attacks with credentials and on counted bounds."""

from concurrent.futures import ThreadPoolExecutor

from book import attack, expect


class KeyRow:
    """The stored row of the second tenant's only key; the end puts it back as it was."""

    def __init__(self, arena):
        self.arena = arena
        self.table = next(name for name in arena.table("ListTables")["TableNames"] if name.endswith("directory"))
        rows = arena.table("Scan", TableName=self.table, ConsistentRead=True)["Items"]
        tenant = arena.stack.tenants[1]
        self.row = next(row for row in rows if row["pk"]["S"] == tenant and row["sk"]["S"].startswith("key#"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.put(self.row)

    def put(self, row):
        self.arena.table("PutItem", TableName=self.table, Item=row)

    def delete(self):
        key = {"pk": self.row["pk"], "sk": self.row["sk"]}
        self.arena.table("DeleteItem", TableName=self.table, Key=key)


@attack("A4", "a frontend token dies with its key, at once")
def outlives_its_key(arena):
    token = arena.two.browser_token("person")
    expect(token.send("GET", "/v1/connections").status == 200, "the token did not work in the first place")
    with KeyRow(arena) as key:
        key.delete()
        expect(arena.two.send("GET", "/v1/connections").status == 401, "the key was not taken away")
        answer = token.send("GET", "/v1/connections")
        expect(answer.status == 401, f"the token of a key that is gone is answered {answer.status}")


@attack("A4", "a frontend token loses what its key loses, at once")
def narrowed(arena):
    token = arena.two.browser_token("person")
    with KeyRow(arena) as key:
        key.put(key.row | {"scopes": without(key.row["scopes"], "connections.read")})
        expect(arena.two.send("GET", "/v1/connections").status == 403, "the key was not narrowed")
        answer = token.send("GET", "/v1/connections")
        expect(answer.status == 403, f"the token of a narrowed key is answered {answer.status}")


def without(scopes, word):
    (kind, values), = scopes.items()
    kept = [value for value in values if value not in (word, {"S": word})]
    return {kind: kept}


@attack("A8", "twenty webhook endpoints are twenty, however many calls come at once")
def parallel_endpoints(arena):
    def make(number):
        return arena.two.send("POST", "/v1/webhook-endpoints", {"url": f"http://127.0.0.1:9/{number}"}).status

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(make, range(48)))
    listed = arena.two.get("/v1/webhook-endpoints?limit=100")["webhook_endpoints"]
    expect(len(listed) <= 20, f"{len(listed)} endpoints were made")
    made = statuses.count(201)
    expect(made == len(listed) == 20, f"{made} calls said yes, {len(listed)} endpoints are there")
    for endpoint in listed[:1]:
        arena.two.call("DELETE", f"/v1/webhook-endpoints/{endpoint['id']}")
    expect(make(99) == 201, "a deleted endpoint does not make room")


@attack("tenants", "nothing of one tenant answers another, or a token that it minted")
def foreign_tenant(arena):
    owner, connection, account = arena.connected()
    report = f"/v1/reports?connection_id={connection}&account_id={account}&level=account&from=2026-01-01&to=2026-01-02"
    strangers = [arena.two, arena.two.browser_token(owner.end_user), arena.one.browser_token("somebody-else")]
    for stranger in strangers:
        for method, target in [
            ("GET", f"/v1/connections/{connection}"),
            ("GET", report),
            ("DELETE", f"/v1/connections/{connection}"),
            ("DELETE", f"/v1/connections/{connection}/accounts/{account}"),
        ]:
            answer = stranger.send(method, target)
            expect(answer.status in (403, 404), f"{method} answered {answer.status} to a stranger")
    expect(arena.one.get(f"/v1/connections/{connection}")["state"] == "active", "a stranger ended the connection")
