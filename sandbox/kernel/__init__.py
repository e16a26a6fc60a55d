"""What both services stand on: clock, documents, faults, counters, TLS, control API.

A service is a package with one public function, which `python -m sandbox` calls once at start::

    # sandbox/<vendor>/app.py
    def create_app(kernel: Kernel) -> Service:
        api = FastAPI(...)                    # the vendor's own routes, nothing else
        return Service(kernel, Vendor(name="...", api=api, ...))

`Kernel` and `Vendor` and `Service` are in `sandbox.kernel.service`. The kernel brings:

    kernel.store      documents, see `store.Store`; tables whose names begin with "_" survive a reset and
                      stay out of snapshots: sessions go there, so that the ready file's token lasts
    kernel.clock      the service's time; never use the machine's
    kernel.faults     ask `for_row(endpoint, names)` and `lag_for(endpoint, names)` for every row that a call
                      writes; whole-call faults are served before and after your route without your help
    kernel.counters   calls are counted without your help; `add_rows(endpoint, n)` for collections
    kernel.secrets    {"client_id", "client_secret"}, for Salesforce also {"username", "password",
                      "private_key", "refresh_token"}
    kernel.base_url   "https://host:port" as clients see it

Rules for a service:
* every route is `async def`: one thread, so a request that does not await is atomic, and no locks are needed;
  never await inside `store.transaction()`;
* `endpoint_of(request)` is the name that counters and faults use: "POST /v2/tasks/{id}", and for what people
  do "POST /__sandbox__/people/tasks" (only `lag_for` heeds those);
* the people router has paths without the prefix ("/tasks"), is mounted under /__sandbox__/people, and raises
  `control.BadControlCall(text)` where the control call itself is wrong; a person's edit that the vendor
  would refuse is refused with the vendor's own body;
* a row under a late fault is stored with the time from which listings and queries may show it.
"""
