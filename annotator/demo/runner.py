"""Runs the demo's script on the window, driven by the window's own events."""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer, Slot

from annotator.application import Application, make_qt_application
from annotator.demo.gaps import GapMeter
from annotator.demo.outputs import REPORT_NAME, clear_earlier_results, write_report
from annotator.demo.script import Condition, DemoError, DemoScript
from annotator.storage.settings import Settings
from annotator.worker.backend import Backend, NetworkBackend
from vos_core.media import MediaError
from vos_core.media.sample import sample

_log = logging.getLogger(__name__)

POLL_MS = 15
STEP_LIMIT_SECONDS = 420.0

EXIT_FAULT = 1
EXIT_USER_MISTAKE = 2


class _Runner(QObject):
    """Takes the script one step further whenever its condition holds."""

    def __init__(self, script: DemoScript) -> None:
        super().__init__()
        self.error: str | None = None
        self._script = script
        self._steps = script.steps()
        self._condition: Condition | None = None
        self._since = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._loop = QEventLoop(self)
        self._hook = sys.excepthook
        sys.excepthook = self._on_fault

    def _on_fault(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        """A fault in a slot fails the demo, though the window would go on."""
        self._hook(kind, error, trace)
        self.error = self.error or f"{kind.__name__}: {error}"

    def run(self) -> None:
        """Run the event loop until the script is done."""
        self._timer.start()
        self._loop.exec()

    @Slot()
    def _poll(self) -> None:
        try:
            if self.error is not None:
                self._end()
                return
            if self._condition is not None and not self._condition():
                if time.monotonic() - self._since > STEP_LIMIT_SECONDS:
                    raise DemoError(f"a step took longer than {STEP_LIMIT_SECONDS:.0f} s")
                return
            self._condition = next(self._steps)
            self._since = time.monotonic()
        except StopIteration:
            self._end()
        except (DemoError, MediaError, OSError) as error:
            self.error = str(error)
            self._end()
        except Exception as error:  # a fault of ours must end the process, not hang it
            _log.exception("the demo failed")
            self.error = f"{type(error).__name__}: {error}"
            self._end()

    def _end(self) -> None:
        self._timer.stop()
        sys.excepthook = self._hook
        self._script.window.close()
        self._loop.quit()


def run_demo(
    out: Path,
    *,
    frame_count: int = 40,
    model: str = "aoc-lite",
    device: str = "auto",
    backend: Backend | None = None,
    sample_name: str | None = None,
) -> int:
    """Drive the real window through the whole job.

    Args:
        out: Folder for masks, reliability maps, overlay video, screenshots and report.
        frame_count: Frames of the sample to work on, at least 4.
        model: Network.
        device: Where it runs.
        backend: In place of the network, for tests.
        sample_name: Clip, the default one when ``None``.

    Returns:
        Exit code: 0, 1 for a fault, 2 for a mistake of the user.
    """
    if frame_count < 4:
        sys.stderr.write(f"--demo-frames {frame_count}: the demo needs 4 frames at least\n")
        return EXIT_USER_MISTAKE
    started = time.monotonic()
    out = out.absolute()
    try:
        out.mkdir(parents=True, exist_ok=True)
        clip = sample(sample_name) if sample_name else sample()
    except OSError as error:
        sys.stderr.write(f"{out} cannot be written: {error.strerror}\n")
        return EXIT_USER_MISTAKE
    clear_earlier_results(out, clip.name)
    if any(out.iterdir()):
        sys.stderr.write(f"{out} is not empty; name a new folder for the demo's results\n")
        return EXIT_USER_MISTAKE
    make_qt_application()
    with tempfile.TemporaryDirectory() as folder:
        application = Application(
            backend=backend or NetworkBackend(model, device),
            settings=Settings(Path(folder) / "settings.json"),
        )
        application.window.resize(1440, 900)
        application.window.show()
        window_seconds = time.monotonic() - started
        gaps = GapMeter(application)
        script = DemoScript(application, clip, out, frame_count, gaps)
        runner = _Runner(script)
        runner.run()
        application.shut_down()
        application.window.deleteLater()
        application.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    report = {
        "sample": clip.name,
        "frames": frame_count,
        "window_seconds": window_seconds,
        "total_seconds": time.monotonic() - started,
        **script.report,
        "gui_tick_gap": gaps.summary(),
        "error": runner.error,
    }
    write_report(out / REPORT_NAME, report)
    if runner.error is not None:
        sys.stderr.write(f"the demo stopped: {runner.error}\n")
        return EXIT_FAULT
    sys.stdout.write(f"{out}: masks, reliability, overlay.mp4, screenshots, report.json\n")
    return 0
