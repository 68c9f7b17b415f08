"""The board as a process of its own, and programs that reach it at its vfio-user socket."""

import functools
import pathlib
import re
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import support  # noqa: E402


class VfioUser:
    """Makes a SystemTest run over `vfio-user:`. Programs with the same board options share a board, one
    after another."""

    card: support.Process | None = None
    card_options = ""

    @functools.cached_property
    def socket_path(self) -> pathlib.Path:
        # The name of a socket is short.
        directory = pathlib.Path(tempfile.mkdtemp(prefix="tautline-"))
        self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        return directory / "board.socket"

    def device(self, query: str) -> str:
        # The file of the capture has the name of the first program on the board.
        options = re.sub(r"&capture=[^&]*", "", query)
        if self.card is None or self.card.process.poll() is not None:
            self.start_card(query)
        elif options != self.card_options:
            self.card.stop()
            self.start_card(query)
        self.card_options = options
        return f"vfio-user:{self.socket_path}"

    def start_card(self, query: str) -> None:
        self.card = support.Process(self, "tautline-board", "--socket", str(self.socket_path),
                                    "--board", query, "--stats", ready="is up")

    def finish_capture(self) -> None:
        if self.card is not None and self.card.process.poll() is None:
            self.card.stop()  # the capture is the board's
