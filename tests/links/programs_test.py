"""The programs and tests of tests/system, with the device in another process."""

from vfio_user import VfioUser

import http_test
import open_test


class EchoServerTest(VfioUser, open_test.KernelConnectsTest):
    pass


class BulkClientTest(VfioUser, open_test.BoardConnectsTest):
    pass


class BulkServerTest(VfioUser, open_test.BulkServerTest):
    pass


class HttpRequestsTest(VfioUser, http_test.RequestsTest):
    pass


class HttpUploadsTest(VfioUser, http_test.UploadsTest):
    pass


class HttpOddClientsTest(VfioUser, http_test.OddClientsTest):
    pass
