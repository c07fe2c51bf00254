"""What the storm is compared with: bare FastHttpUsers that post one constant body, as fast as they can or at a pace."""

from __future__ import annotations

import os

from locust import FastHttpUser, constant, constant_pacing, task

BODY = (
    b'{"RealTime":{"OperationID":"j95xfejt3vr1","LabelName":"Storm 1","SerialNumber":"STORM000001",'
    b'"PunchLog":{"Type":"CheckIn","InputType":"Face","UserId":"424000000","LogTime":"2020-09-17 07:48:22 GMT +0530"},'
    b'"AuthToken":"camsimStormAuthToken000000000000","Time":"2020-09-17 02:18:22 GMT +0000"}}'
)
PACE_S = float(os.environ.get("STORM_BENCH_PACE_S", "0"))


class Bare(FastHttpUser):
    """One connection; the next request goes out when the last one is answered."""

    wait_time = constant_pacing(PACE_S) if PACE_S else constant(0)

    @task
    def post(self) -> None:
        """One request."""
        self.client.post("/callback", data=BODY, headers={"Content-Type": "application/json"})
