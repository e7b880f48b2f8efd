"""The foot of the window: the job that runs, what a model ran on, and that nothing here is for diagnosis."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QStatusBar

from viewer.gui.language import said, tr
from viewer.gui.overlay import NOT_FOR_DIAGNOSIS
from viewer.jobs import Job, JobQueue

_SHOW_JOB_AFTER_MS = 300  # shorter jobs would only flicker
_NOTICE_MS = 8000


class StatusBar(QStatusBar):
    """Shows the job that was begun last, with a button that cancels it."""

    def __init__(self, jobs: JobQueue) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self._jobs: list[Job] = []
        self.job_text = QLabel()
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(150)
        self._progress.setRange(0, 1000)
        self.cancel_job = QPushButton(tr("Cancel"))
        self.cancel_job.clicked.connect(self._cancel_job)
        self._timer = QTimer(self, singleShot=True, interval=_SHOW_JOB_AFTER_MS)
        self._timer.timeout.connect(self._show_job)
        self._device = QLabel()
        self._device.setToolTip(tr("What the last model really ran on, as the engine reports it"))
        self.saving = QLabel(tr("Saving…"))
        self.saving.setToolTip(tr("The disk is slow: your last changes are not written yet"))
        self.saving.hide()
        warning = QLabel(tr(NOT_FOR_DIAGNOSIS))
        warning.setProperty("warning", True)
        for widget in (self.job_text, self._progress, self.cancel_job):
            self.addWidget(widget)
            widget.hide()
        self.addPermanentWidget(self.saving)
        self.addPermanentWidget(self._device)
        self.addPermanentWidget(warning)
        self.messageChanged.connect(lambda text: None if text else self._show_job())
        jobs.subscribe(self._job_changed)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Those that run or wait, in the order of their beginning."""
        return tuple(self._jobs)

    @property
    def fraction(self) -> float:
        """How far the job that is shown is, 0 to 1; 0 with none."""
        return self._jobs[-1].fraction if self._jobs else 0.0

    def notify(self, sentence: str) -> None:
        """Show a sentence for some seconds."""
        self.showMessage(sentence, _NOTICE_MS)

    def show_device(self, device: str) -> None:
        """Say what the last model ran on; nothing without one."""
        self._device.setText(tr("AI on {device}").format(device=device) if device else "")

    def _job_changed(self, job: Job) -> None:
        if job.ended:
            self._jobs = [other for other in self._jobs if other is not job]
            if not self._jobs:
                self._timer.stop()
            self._show_job()
        elif job not in self._jobs:
            self._jobs.append(job)
            self._timer.start()
        elif not self._timer.isActive():
            self._show_job()

    def _show_job(self) -> None:
        job = self._jobs[-1] if self._jobs else None
        for widget in (self.job_text, self._progress, self.cancel_job):
            widget.setVisible(job is not None and not self.currentMessage())  # else it would be written over that
        if job is not None:
            more = f"  (+{len(self._jobs) - 1})" if len(self._jobs) > 1 else ""
            title, text = said(job.title), said(job.text) if job.text else ""
            doing = tr("{title}: {text}").format(title=title, text=text) if text else title
            self.job_text.setText(f"{doing}{more}")
            self._progress.setRange(0, 1000 if job.fraction > 0 else 0)  # 0: busy, nobody knows for how long
            self._progress.setValue(round(1000 * job.fraction))

    def _cancel_job(self) -> None:
        if self._jobs:
            self._jobs[-1].cancel()
