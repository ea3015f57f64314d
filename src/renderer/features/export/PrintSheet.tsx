/** A report on paper. Of what is not signed, every page carries the mark: it is fixed, and browsers repeat what is fixed on each page. */
import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';
import { createPortal } from 'react-dom';
import type { PrintedReport } from '../../../shared/contract.ts';
import { usePrinting } from './printStore.ts';
import './export.css';

function KeyImage({ image }: { readonly image: PrintedReport['keyImages'][number] }): ReactNode {
  const [url] = useState(() => URL.createObjectURL(new Blob([image.png as BlobPart], { type: 'image/png' })));
  useEffect(() => () => { URL.revokeObjectURL(url); }, [url]);
  return <figure><img src={url} alt={image.caption} /><figcaption>{image.caption}</figcaption></figure>;
}

function Paper({ report }: { readonly report: PrintedReport }): ReactNode {
  const { title, head, sections, keyImages, closing, mark } = report;
  return (
    <article className="printed-page">
      {mark === null ? null : <div className="printed-page-mark" aria-hidden>{mark}</div>}
      <h1>{title}</h1>
      {mark === null ? null : <p className="printed-page-warning">{mark}</p>}
      <table><tbody>{head.map(({ name, value }) => <tr key={name}><th scope="row">{name}</th><td>{value}</td></tr>)}</tbody></table>
      {sections.map(({ heading, sentences }) => <section key={heading}><h2>{heading}</h2>{sentences.map((sentence, at) => <p key={at}>{sentence}</p>)}</section>)}
      {keyImages.length === 0 ? null : <div className="printed-page-images">{keyImages.map((image, at) => <KeyImage key={at} image={image} />)}</div>}
      <footer>{closing.map((line) => <p key={line}>{line}</p>)}</footer>
    </article>
  );
}

export function PrintSheet(): ReactNode {
  const { report, done } = usePrinting();
  useEffect(() => {
    if (report === null) return;
    let over = false;
    const images = [...document.querySelectorAll<HTMLImageElement>('.printed-page img')];
    void Promise.all(images.map((image) => image.decode().catch(() => undefined))).then(() => {
      if (over) return;
      window.print();
      done();
    });
    return () => { over = true; };
  }, [report, done]);
  return report === null ? null : createPortal(<Paper report={report} />, document.body);
}
