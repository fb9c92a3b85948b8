"""The library's own cases for recorders, on ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from eventsourcing.tests import persistence as cases

from tests.infra.log.facade import SyncRecorder


class _OnOurs:
    url: ClassVar[str]
    made: list[SyncRecorder]

    @pytest.fixture(autouse=True)
    def _database(self, database_url: str) -> Iterator[None]:
        type(self).url = database_url
        self.made = []
        yield
        for recorder in self.made:
            recorder.close()

    def create_recorder(self) -> SyncRecorder:
        self.made.append(SyncRecorder(self.url))
        return self.made[-1]


class TestRecorder(_OnOurs, cases.ApplicationRecorderTestCase[SyncRecorder]):
    pass


class TestNonInterleaving(_OnOurs, cases.NonInterleavingNotificationIDsBaseCase):
    insert_num = 1000
