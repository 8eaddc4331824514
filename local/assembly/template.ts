import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartFault } from '../start-fault';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json | undefined };
export type JsonObject = { [key: string]: Json | undefined };

export interface Resource {
  readonly Type: string;
  readonly Properties?: JsonObject;
}

export interface Stack {
  /** The artifact's name in the assembly, unique. */
  readonly id: string;
  /** The name it is deployed under. */
  readonly name: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, Output>>;
  /** Folder of each file asset by the object key under which the template names it. */
  readonly assetFolders: ReadonlyMap<string, string>;
}

export interface Output {
  readonly Value: Json;
  readonly Export?: { readonly Name: Json };
}

interface ManifestArtifact {
  readonly type: string;
  readonly displayName?: string;
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
}

interface AssetManifest {
  readonly files: Record<
    string,
    { source: { path: string }; destinations: Record<string, { objectKey: string }> }
  >;
}

function readJson<T>(folder: string, file: string): T {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')) as T;
  } catch (cause) {
    throw new StartFault(
      `The synthesized app in ${folder} cannot be read (${file}); run \`npm run synth\`.`,
      { cause },
    );
  }
}

function readAssetFolders(folder: string, artifactId: string): Map<string, string> {
  const folders = new Map<string, string>();
  const { files } = readJson<AssetManifest>(folder, `${artifactId}.assets.json`);
  for (const { source, destinations } of Object.values(files)) {
    for (const { objectKey } of Object.values(destinations)) {
      folders.set(objectKey, join(folder, source.path));
    }
  }
  return folders;
}

/**
 * Reads every stack of a synthesized app.
 * @throws StartFault when the folder holds no readable assembly.
 */
export function readStacks(folder: string): Stack[] {
  const manifest = readJson<{ artifacts: Record<string, ManifestArtifact> }>(
    folder,
    'manifest.json',
  );
  return Object.entries(manifest.artifacts)
    .filter(([, artifact]) => artifact.type === 'aws:cloudformation:stack')
    .map(([id, artifact]) => {
      const templateFile = artifact.properties?.templateFile ?? `${id}.template.json`;
      const template = readJson<{
        Resources?: Record<string, Resource>;
        Outputs?: Record<string, Output>;
      }>(folder, templateFile);
      return {
        id,
        name: artifact.properties?.stackName ?? id,
        resources: template.Resources ?? {},
        outputs: template.Outputs ?? {},
        assetFolders: readAssetFolders(folder, id),
      };
    });
}
