"""torch belongs to the worker's thread: the window must stand before it is imported."""

from __future__ import annotations

import subprocess
import sys


def test_building_the_window_imports_no_torch() -> None:
    code = (
        "import sys\n"
        "from annotator.application import Application, make_qt_application\n"
        "from annotator.storage.settings import Settings\n"
        "from annotator.worker.backend import NetworkBackend\n"
        "from pathlib import Path\n"
        "app = make_qt_application()\n"
        "a = Application(backend=NetworkBackend(), settings=Settings(Path('none.json')))\n"
        "a.window.show(); app.processEvents(); a.shut_down()\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
