import { answer, printable, type CommonFlags, type GalleryContext } from '../context.ts';
import { openGallery } from '../open-gallery.ts';

export async function refresh(this: GalleryContext, flags: CommonFlags): Promise<void> {
  const report = await openGallery(this, flags).repository.refresh();
  answer(this, flags, report, [`The catalog was signed anew: ${report.signed.join(', ')}.`]);
  for (const { role, expires, daysLeft } of report.warnings) {
    const when = daysLeft < 0 ? `expired on ${expires}` : `expires in ${daysLeft} days, on ${expires}`;
    this.process.stderr.write(
      printable(
        `Warning: '${role}' ${when}, and its keys are not here: put them into the keys folder and run refresh.`,
      ) + '\n',
    );
  }
}
